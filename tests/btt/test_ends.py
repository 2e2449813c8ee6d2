"""Every consumer hears the end: one, three, one that came late; each a process of its own."""

import json
import subprocess
import sys
from typing import Any

import pytest
from blendtorch import btt
from support import HANG_S, LONG_MS
from support.sources import Source, sources
from support.streams import dataset

CONSUME = f"""
import json, sys
from blendtorch import btt
dataset = btt.RemoteIterableDataset(sys.argv[1:], timeoutms={LONG_MS})
items = iter(dataset)
first = next(items)
print("has one", flush=True)
sys.stdin.readline()  # until all of them have one
rest = [(item["btid"], item["number"]) for item in items]
print(json.dumps({{
    "items": [(first["btid"], first["number"]), *rest],
    "stats": dataset.stats(),
    "receipts": dataset.receipts(),
}}))
"""


class Consumer:
    """A process that takes all items to the end."""

    def __init__(self, addresses: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", CONSUME, *addresses],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def has_one(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == "has one\n"

    def ends(self) -> dict[str, Any]:
        out, _ = self.process.communicate("goes on\n", timeout=HANG_S)
        assert self.process.returncode == 0
        return json.loads(out)

    def __enter__(self) -> "Consumer":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def assert_all(ended: list[dict[str, Any]], publishers: int, items: int) -> None:
    got = sorted(tuple(item) for one in ended for item in one["items"])
    assert got == [(btid, number) for btid in range(publishers) for number in range(items)]
    total = btt.merge_receipts(one["receipts"] for one in ended)
    assert (total["received"], total["duplicated"], total["lost"]) == (len(got), 0, 0)
    assert [publisher["sent"] for publisher in total["publishers"]] == [items] * publishers
    assert all(one["stats"]["ended"] == publishers for one in ended)


@pytest.mark.parametrize("count", [1, 3])
def test_all_consumers_hear_the_end(count: int) -> None:
    # More than the queues can hold before the last consumer has come.
    items = 2_000
    with sources(2, items) as addresses:
        consumers = [Consumer(addresses) for _ in range(count)]
        try:
            for consumer in consumers:
                consumer.has_one()
            assert_all([consumer.ends() for consumer in consumers], 2, items)
        finally:
            for consumer in consumers:
                consumer.__exit__()


def test_a_consumer_that_came_late_hears_the_end() -> None:
    with sources(1, items=200) as addresses:
        first = dataset(*addresses)
        items = iter(first)
        got = [next(items)]
        # The publisher waits for the first consumer, and may be closing already.
        with Consumer(addresses) as late:
            late.has_one()
            got += items
            end = late.ends()
        mine = {
            "items": [(item["btid"], item["number"]) for item in got],
            "stats": first.stats(),
            "receipts": first.receipts(),
        }
        assert_all([mine, end], 1, 200)


def test_who_comes_after_the_end_is_told_that_nobody_listens() -> None:
    source = Source(items=3)
    try:
        assert len(list(dataset(source.address))) == 3
        assert source.process.wait(HANG_S) == 0
        with pytest.raises(TimeoutError, match="never connected: nobody has listened there"):
            next(iter(dataset(source.address, timeoutms=300)))
    finally:
        source.stop()


def test_a_publisher_that_is_killed_is_said_to_be_disconnected() -> None:
    source = Source()
    try:
        items = iter(dataset(source.address, timeoutms=3000))
        next(items)
        source.process.kill()
        with pytest.raises(TimeoutError, match=r"is disconnected since [\d.]+ s, after \d+ items?"):
            for _ in items:
                pass
    finally:
        source.stop()
