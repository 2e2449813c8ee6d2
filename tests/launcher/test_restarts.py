"""Instances that are killed, hang, fail or end, and come back: seen by who launched them and by a
loop over what they publish."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support.fleets import launcher, written
from support.processes import ends_well, eventually
from support.programs import installed
from support.streams import dataset
from torch.utils.data import DataLoader

# Publishes without end, and writes down before each item how many there are then: what it had
# published when it was killed is known also without blendtorch's own books.
COUNTS = """
import os
from blendtorch import btb

args, (folder, *_) = btb.parse_blendtorch_args()
life = sum(name.startswith(f"life-{args.btid}-") for name in os.listdir(folder)) + 1
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
with open(f"{folder}/life-{args.btid}-{life}", "wb", buffering=0) as count:
    number = 0
    while True:
        os.pwrite(count.fileno(), b"%10d" % (number + 1), 0)
        pub.publish(number=number, life=life, blob=bytes(20_000))
        number += 1
"""


def counting(tmp_path: Path, instances: int, **options: Any) -> btt.BlenderLauncher:
    own = [[str(tmp_path)]] * instances
    script = written(tmp_path, COUNTS)
    given = {"num_instances": instances, "instance_args": own, "blender": "bpy", **options}
    return launcher(script, named_sockets=["DATA"], **given)


def published(tmp_path: Path, btid: int, life: int) -> int:
    return int((tmp_path / f"life-{btid}-{life}").read_text())


def kill(bl: btt.BlenderLauncher, btid: int) -> None:
    os.kill(bl.status()[btid]["pid"], signal.SIGKILL)


def until(items: Iterator[dict[str, Any]], btid: int, life: int) -> list[dict[str, Any]]:
    """The items up to the first one of that life."""
    seen = []
    for item in items:
        seen.append(item)
        if (item["btid"], item["life"]) == (btid, life):
            return seen
    raise AssertionError(f"life {life} of instance {btid} never came")


def test_what_a_killed_instance_had_published_and_nobody_got_is_missing_exactly(
    tmp_path: Path,
) -> None:
    with counting(tmp_path, 2) as bl:
        stream = dataset(*bl.launch_info.addresses["DATA"])
        items = iter(stream)
        got = list(islice(items, 50))
        eventually("its queues are full", lambda: _waits(bl, 0))
        session = Path(_instance(bl, 0)["about"]["session_folder"])
        assert session.is_dir()
        kill(bl, 0)
        got += until(items, 0, 2)
        assert not session.exists(), "what a killed Blender leaves goes with it"
        kill(bl, 0)
        got += until(items, 0, 3)
        eventually("its lives are known", lambda: len(_instance(bl, 0)["lives"]) == 2)
        got += list(islice(items, 50))
        stats = stream.stats()
        bl.assert_alive()
    counted = Counter((item["btid"], item["life"]) for item in got)
    assert all(
        len({item["number"] for item in got if _of(item) == of}) == n for of, n in counted.items()
    )
    lost = [published(tmp_path, 0, life) - counted[0, life] for life in (1, 2)]
    by_life = {of["received"]: of["missing"] for of in stats["publishers"] if of["end"] == "killed"}
    assert by_life == {counted[0, life]: lost[life - 1] for life in (1, 2)}
    assert stats["missing"] == sum(lost)
    assert stats["killed"] == 2 and stats["duplicated"] == stats["unfinished"] == 0
    total = btt.merge_receipts([stream.receipts()])
    assert total["lost"] == sum(lost)


def _of(item: dict[str, Any]) -> tuple[int, int]:
    return item["btid"], item["life"]


def _instance(bl: btt.BlenderLauncher, index: int) -> dict[str, Any]:
    instance: dict[str, Any] = bl.fleet.status(counters=False)["instances"][index]
    return instance


def _waits(bl: btt.BlenderLauncher, index: int) -> bool:
    return bool(_instance(bl, index)["state"] == "waiting_for_consumer")


def test_torch_workers_live_through_a_kill(tmp_path: Path) -> None:
    with counting(tmp_path, 2) as bl:
        stream = dataset(*bl.launch_info.addresses["DATA"], max_items=10**9)
        loader = DataLoader(stream, batch_size=None, num_workers=2)
        items = iter(loader)
        # Lives that have published are counted: one that is killed before is none.
        got = until(items, 1, 1) + list(islice(items, 20))
        kill(bl, 1)
        got += until(items, 1, 2)
        got += list(islice(items, 20))
    assert max(Counter((*_of(item), item["number"]) for item in got).values()) == 1


# A program of its own that iterates what another one's fleet publishes.
CONSUMER = """
import json, sys
from blendtorch import btt

info = json.load(open(sys.argv[1]))
stream = btt.RemoteIterableDataset(info["addresses"]["DATA"], timeoutms=600_000)
print("told", json.dumps([told and told["is"] for told in stream.instances()]), flush=True)
lives = set()
for item in stream:
    if item["btid"] == 0 and item["life"] not in lives:
        lives.add(item["life"])
        print("life", item["life"], flush=True)
    if 2 in lives:
        break
print("stats", json.dumps(stream.stats()), flush=True)
"""


def test_a_dataset_of_another_program_knows_the_instances_by_their_addresses(
    tmp_path: Path,
) -> None:
    with counting(tmp_path, 1) as bl:
        info = tmp_path / "info.json"
        btt.LaunchInfo.save_json(info, bl.launch_info)
        eventually("it waits for a consumer", lambda: _waits(bl, 0))
        consumer = subprocess.Popen(
            [sys.executable, "-P", "-c", CONSUMER, str(info)], stdout=subprocess.PIPE, text=True
        )
        assert consumer.stdout is not None
        with consumer:
            told = json.loads(consumer.stdout.readline().removeprefix("told "))
            assert told[0].startswith("waiting for a consumer for"), told
            assert consumer.stdout.readline() == "life 1\n"
            kill(bl, 0)
            assert consumer.stdout.readline() == "life 2\n"
            stats = json.loads(consumer.stdout.readline().removeprefix("stats "))
        assert consumer.returncode == 0
        assert (stats["killed"], stats["unfinished"], stats["duplicated"]) == (1, 0, 0)

        # From a terminal.
        said = ends_well([installed("blendtorch"), "status", info, "--json"])
        (one,) = json.loads(said)["instances"]
        assert (one["mode"], one["life"], one["restarts"]) == ("running", 2, 1)
        table = ends_well([installed("blendtorch"), "status", info])
        assert "its last life was ended by signal 9" in table
    with pytest.raises(ConnectionError, match=r"info\.json: no fleet"):
        btt.Fleet(info)


# The first life hangs behind its third item; the second publishes on.
HANGS = """
import os, time
from blendtorch import btb

args, (folder, *_) = btb.parse_blendtorch_args()
first = not os.path.exists(f"{folder}/hung")
open(f"{folder}/hung", "w").close()
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
number = 0
while True:
    pub.publish(number=number, life=1 if first else 2)
    number += 1
    if first and number == 3:
        time.sleep(1000)
"""


def test_an_instance_that_hangs_is_started_again_and_one_that_waits_is_not(tmp_path: Path) -> None:
    script = written(tmp_path, HANGS)
    options = {"instance_args": [[str(tmp_path)]], "blender": "bpy", "hang_after": 2}
    with launcher(script, named_sockets=["DATA"], **options) as bl:
        items = iter(dataset(*bl.launch_info.addresses["DATA"]))
        got = until(items, 0, 2)
        assert [item["number"] for item in got] == [0, 1, 2, 0]
        (life,) = _instance(bl, 0)["lives"]
        assert life["end"].startswith("hung: no progress for"), life
        # Nobody takes what it publishes, for longer than it might do nothing.
        eventually("it has waited", lambda: _waits(bl, 0) and _instance(bl, 0)["state_for"] > 3)
        assert _instance(bl, 0)["life"] == 2


# Takes memory with each item; its seed is another one in each life.
GROWS = """
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
kept = []
while True:
    kept.append(bytearray(20 << 20))
    pub.publish(seed=args.btseed, number=len(kept), life=0)
"""


def test_an_instance_that_takes_too_much_memory_ends_in_order_and_starts_anew(
    tmp_path: Path,
) -> None:
    options = {"blender": "bpy", "max_memory": "600 MB", "seed": 5}
    script = written(tmp_path, GROWS)
    with launcher(script, named_sockets=["DATA"], **options) as bl:
        stream = dataset(*bl.launch_info.addresses["DATA"])
        items = iter(stream)
        seeds = []
        while len(set(seeds)) < 2:
            seeds.append(next(items)["seed"])
        (life,) = _instance(bl, 0)["lives"]
        stats = stream.stats()
    assert "of memory, max_memory is 0.56 GiB, and ended with exit code 0" in life["end"], life
    assert seeds[0] == 5
    # It has said its end: nothing of it is lost.
    assert (stats["ended"], stats["killed"], stats["missing"]) == (1, 0, 0)


# Life by life: raises behind two items, ends in order behind three.
ENDS = """
import os
from blendtorch import btb

args, (folder, *_) = btb.parse_blendtorch_args()
life = sum(name.startswith("ends-") for name in os.listdir(folder)) + 1
open(f"{folder}/ends-{life}", "w").close()
with btb.DataPublisher(args.btsockets["DATA"], args.btid) as pub:
    for number in range(2 if life == 1 else 3):
        pub.publish(number=number, life=life)
    if life == 1:
        raise ValueError("the cube is round")
"""


@pytest.mark.parametrize("restart", ["on-failure", "always"])
def test_a_loop_goes_on_with_the_next_life_of_a_script_that_failed_or_ended(
    tmp_path: Path, restart: str
) -> None:
    script = written(tmp_path, ENDS)
    options = {"instance_args": [[str(tmp_path)]], "blender": "bpy", "restart": restart}
    # With on-failure the second life is the last, and the iteration ends with it.
    most = {} if restart == "on-failure" else {"max_items": 2 + 3 + 3}
    with launcher(script, named_sockets=["DATA"], **options) as bl:
        stream = dataset(*bl.launch_info.addresses["DATA"], **most)
        got = []
        for item in stream:
            got.append((item["life"], item["number"]))
            if restart == "always" and len(got) == 1:
                # It hears the end of this life when the next one runs already.
                eventually("the next life runs", lambda: _instance(bl, 0)["life"] == 2)
        stats = stream.stats()
    lives = [(1, 2), (2, 3)] if restart == "on-failure" else [(1, 2), (2, 3), (3, 3)]
    assert got == [(life, number) for life, count in lives for number in range(count)]
    assert stats["missing"] == stats["duplicated"] == stats["unfinished"] == 0


def test_wrong_words_about_restarts_are_refused_before_anything_starts(tmp_path: Path) -> None:
    script = written(tmp_path, "raise SystemExit(0)")
    for wrong, says in [
        ({"restart": "sometimes"}, "restart"),
        ({"min_instances": 2}, "min_instances"),
        ({"max_memory": "much"}, "max_memory"),
        ({"hang_after": -1}, "hang_after"),
    ]:
        with pytest.raises(ValueError, match=says), launcher(script, **wrong):
            pass


def test_terminating_an_instance_that_is_about_to_be_started_again_is_its_end(
    tmp_path: Path,
) -> None:
    with counting(tmp_path, 1) as bl:
        eventually("it publishes", lambda: (tmp_path / "life-0-1").exists())
        kill(bl, 0)
        eventually("it restarts", lambda: bool(bl.status()[0]["restarting"]))
        assert bl.launch_info.processes is not None
        bl.launch_info.processes[0].terminate()
        assert bl.wait() == [-signal.SIGKILL]
    assert not (tmp_path / "life-0-2").exists()


def test_leaving_ends_an_instance_that_is_about_to_be_started_again(tmp_path: Path) -> None:
    with counting(tmp_path, 1) as bl:
        eventually("it publishes", lambda: (tmp_path / "life-0-1").exists())
        kill(bl, 0)
        eventually("it restarts", lambda: bool(bl.status()[0]["restarting"]))
    assert not (tmp_path / "life-0-2").exists()
