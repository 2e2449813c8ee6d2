"""The dataset of btt over real sockets: ownership of memory, ends, counts."""

import inspect
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from support import HANG_S, LONG_MS
from support.processes import eventually
from support.streams import dataset, is_held_back, one_and_another, publishing

MEGABYTE = np.zeros(1 << 20, np.uint8)


def defaults(function: Any) -> list[tuple[str, Any]]:
    parameters = list(inspect.signature(function).parameters.values())
    return [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


def test_conformance_9_the_datasets_arguments_and_defaults_are_the_originals() -> None:
    assert defaults(btt.RemoteIterableDataset) == [
        ("addresses", inspect.Parameter.empty),
        ("queue_size", 10),
        ("timeoutms", 10000),
        ("max_items", 100000),
        ("item_transform", None),
        ("record_path_prefix", None),
    ]
    assert [name for name, _ in defaults(btt.RemoteIterableDataset._item)] == ["self", "item"]


def test_conformance_14_what_was_prefetched_is_kept_for_the_next_iterator_or_counted() -> None:
    held: list[btb.DataPublisher] = []

    def publish(publisher: btb.DataPublisher) -> None:
        held.append(publisher)
        with suppress(OSError):  # closed when the test is over
            for number in range(200):
                publisher.publish(number=number, load=MEGABYTE)

    with publishing(publish) as address:
        items = dataset(address, max_items=3)
        stream = iter(items)
        first = next(stream)
        eventually("it is held back", lambda: is_held_back(held[0]))
        assert [first["number"], *(item["number"] for item in stream)] == [0, 1, 2]
        assert (items.stats()["received"], items.stats()["discarded"]) == (3, 0)
        items.close()
        stats = items.stats()
    assert stats["received"] == 3 + stats["discarded"]
    # Of those that nobody asked for, what had arrived: a queue of ten, and one that came meanwhile.
    assert 1 <= stats["discarded"] <= 11
    assert (stats["missing"], stats["duplicated"], stats["reordered"]) == (0, 0, 0)


def count_to(n: int, **more: Any) -> Any:
    """Publishes `n` items whose every byte tells their number."""

    def publish(publisher: btb.DataPublisher) -> None:
        image = np.empty((64, 64, 4), np.uint8)
        for number in range(n):
            image[:] = number % 256  # also shows that publish has copied the one before
            publisher.publish(number=number, image=image, **more)

    return publish


def assert_counted(items: list[dict[str, Any]], n: int) -> None:
    assert [item["number"] for item in items] == list(range(n))
    for item in items:
        assert (item["image"] == item["number"] % 256).all()


def test_kept_arrays_own_their_memory_while_the_stream_goes_on() -> None:
    with publishing(count_to(300)) as address:
        items = list(dataset(address))
    assert_counted(items, 300)
    for item in items:
        assert item["image"].flags.writeable
        assert item["image"].flags.c_contiguous
        item["image"] += 1
    for item in items:
        assert (item["image"] == (item["number"] + 1) % 256).all()


# Answers each signal, and raises at the second that finds the main thread in a call of ours.
INTERRUPTED = """
import _thread, os, signal, sys
from blendtorch import btb, btt

waits = 0
def say(what):
    os.write(1, what)  # a signal may come in the middle of a print, which cannot print then
def answer(number, frame):
    global waits
    waits += "blendtorch" in frame.f_code.co_filename
    if waits == 2:
        say(b"raises\\n")
        raise KeyboardInterrupt
    # By a thread, which gets its turn when this one waits: the next signal must not come within
    # this function, and the one behind it within that, and so on.
    _thread.start_new_thread(say, (b"goes on\\n",))
signal.signal(signal.SIGINT, answer)
publisher = btb.DataPublisher("tcp://127.0.0.1:0")
dataset = btt.RemoteIterableDataset(["tcp://127.0.0.1:1"], timeoutms=10**9)
say(b"goes on\\n")
try:
    WAIT
except KeyboardInterrupt:
    sys.exit(42)
"""


@pytest.mark.parametrize(
    "wait", ["publisher.publish(x=1)", "next(iter(dataset))", "next(iter(btt.DataLoader(dataset)))"]
)
def test_ctrl_c_interrupts_a_wait(wait: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED.replace("WAIT", wait)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        guard = threading.Timer(HANG_S, process.kill)
        guard.start()
        try:
            assert process.stdout is not None
            while (said := process.stdout.readline()) == "goes on\n":
                process.send_signal(signal.SIGINT)
            assert said == "raises\n", "a signal was not served"
            assert process.wait() == 42
        finally:
            guard.cancel()
            process.kill()


@pytest.mark.parametrize("batches", [False, True])
def test_counters_are_read_while_another_thread_waits(batches: bool) -> None:
    """Regression: that was an error, for the waiting thread had the stream."""
    go_on = threading.Event()

    with publishing(one_and_another(go_on)) as address:
        remote = dataset(address)
        source = btt.DataLoader(remote, batch_size=2) if batches else remote
        thread = threading.Thread(target=lambda: list(source))
        thread.start()
        eventually("the first is counted", lambda: source.stats().get("received") == 1)
        assert thread.is_alive()
        go_on.set()
        thread.join(HANG_S)
        assert source.stats()["received"] == 2


def test_addresses_are_checked() -> None:
    for addresses, message in [
        ([], "no addresses"),
        (["127.0.0.1:1"], "'127.0.0.1:1' is no address"),
        ("tcp://127.0.0.1:x", "port"),
    ]:
        with pytest.raises(ValueError, match=message):
            next(iter(btt.RemoteIterableDataset(addresses)))
    with publishing(count_to(1)) as address, pytest.raises(OSError, match="in use"):
        btb.DataPublisher(address)


def test_an_iteration_ends_with_its_publishers() -> None:
    with publishing(count_to(20), btid=0) as first, publishing(count_to(30), btid=1) as second:
        items = list(dataset(first, second))
    assert_counted([item for item in items if item["btid"] == 0], 20)
    assert_counted([item for item in items if item["btid"] == 1], 30)


def test_max_items_and_stream_length() -> None:
    with publishing(count_to(40)) as address:
        items = dataset(address, max_items=10)
        assert_counted(list(items), 10)
        items.stream_length(0)
        assert list(items) == []
    assert items.stats()["received"] == 10 + items.stats()["discarded"]


def test_stats_count() -> None:
    items = dataset("tcp://127.0.0.1:1")
    assert items.stats() == {}
    # As many as the pool has slots: none waits for one to come back.
    with publishing(count_to(8), btid=4) as address:
        items = dataset(address)
        stream = iter(items)
        next(stream)
        assert items.stats()["received"] == 1
        list(stream)
    stats = items.stats()
    publisher = stats["publishers"][0]
    for counted in (stats, publisher):
        assert counted["received"] == 8
        assert (counted["missing"], counted["duplicated"], counted["reordered"]) == (0, 0, 0)
    assert (stats["malformed"], stats["discarded"], stats["ended"]) == (0, 0, 1)
    assert (publisher["btid"], publisher["ended"]) == (4, True)
    images = 8 * 64 * 64 * 4
    assert images < stats["bytes"] < images + 8 * 1000
    assert images <= stats["shm_bytes"] <= stats["bytes"]
    assert stats["blocked"] > 0


def test_two_consumers_miss_what_the_other_got() -> None:
    met = [threading.Event(), threading.Event()]
    sent = 0

    def publish(publisher: btb.DataPublisher) -> None:
        nonlocal sent
        more = 50  # after both have had something
        while more:
            publisher.publish(number=sent)
            sent += 1
            more -= all(event.is_set() for event in met)

    got: list[list[int]] = [[], []]
    with publishing(publish) as address:
        datasets = [dataset(address), dataset(address)]

        def consume(which: int) -> None:
            for item in datasets[which]:
                got[which].append(item["number"])
                met[which].set()

        threads = [threading.Thread(target=consume, args=(which,), daemon=True) for which in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG_S)
            assert not thread.is_alive()
    assert sorted(got[0] + got[1]) == list(range(sent))
    received = sum(items.stats()["received"] for items in datasets)
    assert received == sent


def double(item: dict[str, Any]) -> int:
    return 2 * int(item["number"])


class Shouting(btt.RemoteIterableDataset):
    """A dataset with its own way to make an item."""

    def _item(self, item: dict[str, Any]) -> str:
        return f"{super()._item(item)}!"


def test_items_are_transformed() -> None:
    with publishing(count_to(3)) as address:
        assert list(dataset(address, item_transform=double)) == [0, 2, 4]
    with publishing(count_to(3)) as address:
        shouting = Shouting([address], timeoutms=LONG_MS, item_transform=double)
        assert list(shouting) == ["0!", "2!", "4!"]


def test_an_exception_of_the_transform_reaches_the_loop() -> None:
    with publishing(count_to(3)) as address, pytest.raises(KeyError, match="nothing"):
        list(dataset(address, item_transform=lambda item: item["nothing"]))


def test_a_dataset_can_be_pickled_while_it_is_iterated() -> None:
    # So many that those on the way to the first iteration leave enough for the other.
    with publishing(count_to(1000)) as address:
        items = dataset(address, max_items=20, item_transform=double)
        stream = iter(items)
        assert next(stream) == 0
        other = pickle.loads(pickle.dumps(items))
        assert next(stream) == 2
        stream.close()
        assert other.stats() == {}
        assert len(list(other)) == 20
