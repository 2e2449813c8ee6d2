"""Instances that fail, are killed, or are slow to begin: what the loop hears of it."""

import os
import pickle
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support import CUBE
from support.fleets import SMALL, STREAMS, streaming
from support.processes import eventually
from support.runtimes import Runtime
from support.streams import dataset
from torch.utils.data import DataLoader


def test_conformance_13_an_instance_that_dies_does_not_stop_the_others(runtime: Runtime) -> None:
    own = [SMALL] * 2
    with btt.BlenderLauncher(
        "", CUBE, 2, ["DATA"], None, "127.0.0.1", own, "ipc", None, 1, True, blender=runtime.place
    ) as bl:
        items = iter(dataset(*bl.launch_info.addresses["DATA"]))
        seen: set[int] = set()
        while seen != {0, 1}:
            seen.add(next(items)["btid"])
        os.kill(bl.status()[0]["pid"], signal.SIGKILL)
        eventually("it is seen dead", lambda: not bl.status()[0]["running"])
        # More comes of the other than the queues can have held.
        others = (item for item in items if item["btid"] == 1)
        assert sum(1 for _ in islice(others, 100)) == 100


# The first instance raises behind its third item, the second one goes on to its thirtieth.
RAISES = """
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid, lingerms=60_000)
for number in range(30 if args.btid else 3):
    pub.publish(number=number)
if args.btid == 0:
    raise ValueError("the cube is round")
pub.close()
"""


def numbers(batches: Any) -> Iterator[tuple[int, int]]:
    for batch in batches:
        yield from zip(batch["btid"].tolist(), batch["number"].tolist(), strict=True)


def items(addresses: list[str]) -> Iterator[tuple[int, int]]:
    yield from ((item["btid"], item["number"]) for item in dataset(*addresses))


def batches(addresses: list[str]) -> Iterator[tuple[int, int]]:
    yield from numbers(btt.DataLoader(dataset(*addresses), batch_size=4))


def spawned(addresses: list[str]) -> Iterator[tuple[int, int]]:
    loader = DataLoader(
        dataset(*addresses), batch_size=4, num_workers=1, multiprocessing_context="spawn"
    )
    yield from numbers(loader)


@pytest.mark.parametrize("iterate", [items, batches, spawned])
def test_a_script_that_raises_ends_the_loop_with_its_traceback(
    iterate: Any, tmp_path: Path
) -> None:
    """Regression: it ended as one that had finished, and nobody heard of it."""
    got = []
    with streaming(tmp_path, RAISES, 2) as bl:
        address = bl.launch_info.addresses["DATA"][0]
        with pytest.raises(btt.InstanceFailedError) as raised:
            got.extend(iterate(bl.launch_info.addresses["DATA"]))
        with pytest.raises(btt.LaunchError, match="instance 0 ended with exit code 1"):
            bl.assert_alive()
    # Leaving says it no more: the loop has.
    text = str(raised.value)
    assert f"instance 0 at {address} failed after 3 items" in text
    assert "ValueError: the cube is round" in text and "scene script.py" in text
    assert isinstance(raised.value, RuntimeError)
    # With a last batch that is smaller torch's own loader cannot be asked for more behind an error.
    if iterate is not spawned:
        assert Counter(btid for btid, _ in got) == {0: 3, 1: 30}


def test_the_last_of_several_workers_tells_and_the_others_deliver(tmp_path: Path) -> None:
    with streaming(tmp_path, RAISES, 2) as bl:
        stream = dataset(*bl.launch_info.addresses["DATA"])
        loader = DataLoader(stream, batch_size=None, num_workers=2, multiprocessing_context="fork")
        got = []
        with pytest.raises(btt.InstanceFailedError, match="ValueError: the cube is round"):
            got.extend((item["btid"], item["number"]) for item in loader)
        assert stream.stats()["received"] == 33
        assert len(set(got)) == len(got)


@pytest.mark.parametrize("start", [None, "fork", "spawn"])
def test_a_killed_instance_is_not_waited_for(start: str | None, tmp_path: Path) -> None:
    """With a patience that is longer than any test: its launcher knows."""
    with streaming(tmp_path, STREAMS, restart="never") as bl:
        stream = dataset(*bl.launch_info.addresses["DATA"], max_items=10**9)
        loader = DataLoader(
            stream,
            batch_size=None,
            num_workers=0 if start is None else 1,
            multiprocessing_context=start,
        )
        batches = iter(loader)
        next(batches)
        os.kill(bl.status()[0]["pid"], signal.SIGKILL)
        with pytest.raises(btt.InstanceFailedError) as raised:
            for _ in batches:
                pass
        assert "was ended by signal 9" in str(raised.value)
        stats = stream.stats()
        assert (stats["killed"], stats["unfinished"]) == (1, 0)


def test_an_instance_that_renders_before_it_publishes_is_waited_for(tmp_path: Path) -> None:
    """Regression: nobody connected was silence after `timeoutms`, though the instance was alive."""
    go = tmp_path / "go"
    waits = (
        f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\n"
    )
    with streaming(tmp_path, waits + STREAMS) as bl:
        items = iter(dataset(*bl.launch_info.addresses["DATA"], timeoutms=200))
        timer = threading.Timer(2, go.touch)
        timer.start()
        assert next(items)["number"] == 0
        items.close()
        timer.join()


def test_every_exception_of_ours_can_be_raised_by_a_worker() -> None:
    """Regression: torch's worker could not pickle the class, and its loader waited without end."""
    ours = [
        kind
        for kind in vars(btt).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert btt.InstanceFailedError in ours and btt.MalformedMessageError in ours
    for kind in ours:
        assert pickle.loads(pickle.dumps(kind)) is kind
        assert str(pickle.loads(pickle.dumps(kind("text")))) == "text"
