"""examples/ddp: ranks that share one fleet, on real Blender and in step."""

import json
import re
import sys
from math import ceil
from pathlib import Path

import pytest
from support import CUBE, ROOT
from support.fleets import SMALL
from support.programs import Run
from torch.distributed import TCPStore

DDP = ROOT / "examples" / "ddp"
BATCH, HELD_OUT, ITEMS = 8, 64, 400


@pytest.fixture(autouse=True)
def within_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """gloo takes the interface of the host's name otherwise."""
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")


def test_two_ranks_learn_from_one_fleet_until_it_ends(tmp_path: Path) -> None:
    """An episode has 100 frames. Rank 0, which keeps images apart, ends before rank 1."""
    launch = tmp_path / "launch.json"
    description = {
        "script": str(CUBE),
        "num_instances": 2,
        "named_sockets": ["DATA"],
        "instance_args": [[*SMALL, "--episodes", "2"]] * 2,
        "proto": "ipc",
        "seed": 3,
        "background": True,
        "blender": "bpy",
    }
    launch.write_text(json.dumps(description))
    # No port is fixed, and no name is looked up.
    own = ["--standalone", "--local-addr", "localhost", "--nproc-per-node", 2]
    options = ["--batches", 0, "--batch-size", BATCH, "--held-out", HELD_OUT]
    command = [sys.executable, "-m", "torch.distributed.run", *own, DDP / "train.py"]
    with Run([*command, "--launch", launch, *options], tmp_path / "said") as run:
        said = run.ends_well()
    # Each item was received by one rank.
    assert f"received {ITEMS}, duplicated 0, lost 0, unfinished 0" in said, said
    items = [int(count) for count in re.findall(r"rank \d: (\d+) items", said)]
    assert len(items) == 2 and sum(items) == ITEMS, said
    # The rank with fewer batches went along with the other one.
    batches = [ceil(max(items[0] - HELD_OUT, 0) / BATCH), ceil(items[1] / BATCH)]
    assert f"{max(batches)} steps; the weights of all ranks are equal" in said, said
    losses = re.search(r"held-out loss ([\d.]+), then ([\d.]+)", said)
    assert losses and float(losses[2]) < float(losses[1]), said


# Each rank has a publisher of its own here, so that it is known what comes to which. One that is to
# have nothing finds nobody, as if it had come late.
IN_STEP = f"""
import json, sys
sys.path[:0] = [{str(DDP)!r}, {str(ROOT / "tests")!r}]
import numpy as np
import torch
import torch.distributed as dist
from lockstep import gathered
from support.streams import dataset, publishing
from train import Training

def publish(publisher, items, fails):
    for i in range(items):
        publisher.publish(image=np.full((48, 64, 3), i, "uint8"), xy=np.full((8, 2), i, "float32"))
    if fails:
        raise ValueError("the cube is round")

def trained(*items, failing=None):
    '''What each rank says that gets so many items.'''
    rank = dist.get_rank()
    with publishing(lambda publisher: publish(publisher, items[rank], rank == failing)) as address:
        stream = dataset(address)
        if not items[rank]:
            stream = dataset(f"ipc://{{results}}-nobody", timeoutms=1000)
        training = Training(stream, torch.device("cpu"), batch_size=4, held_out=0)
        training.run(0)
        whole = training.report()
    try:
        training.steps.check(whole)
    except Exception as error:
        return gathered([training.taken, type(error).__name__, str(error)])
    return gathered([training.taken, training._digest()])

results, port, rank = sys.argv[1:]
store = dist.TCPStore("localhost", int(port), is_master=False)
dist.init_process_group("gloo", store=store, rank=int(rank), world_size=2)
said = dict(nothing=trained(9, 0), fails=trained(9, 3, failing=1))
if dist.get_rank() == 0:
    print(json.dumps(said), file=open(results, "w"))
dist.destroy_process_group()
"""


def test_a_rank_without_items_and_one_whose_publisher_fails(tmp_path: Path) -> None:
    script = tmp_path / "in_step.py"
    script.write_text(IN_STEP)
    # Where the ranks find each other; torch's launcher would do no more.
    store = TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    results = tmp_path / "results"
    command = [sys.executable, script, results, store.port]
    with Run([*command, 0], tmp_path / "0") as first, Run([*command, 1], tmp_path / "1") as second:
        first.ends_well()
        second.ends_well()
    said = json.loads(results.read_text())
    (steps, weights), other = said["nothing"]
    assert steps == 3 and other == [steps, weights]

    (steps, kind, text), (own_steps, own_kind, own_text) = said["fails"]
    assert steps == own_steps == 3, "what came to the other rank is not thrown away"
    assert (kind, own_kind) == ("RuntimeError", "InstanceFailedError")
    assert "the cube is round" in own_text and "failed after 3 items" in own_text
    assert text == f"rank 1 has failed: InstanceFailedError: {own_text}"
