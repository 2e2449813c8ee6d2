"""Epochs of `max_items`: the next one goes on where the last one ended, and no image is thrown away
between them."""

import copy
import gc
import itertools
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from blendtorch.btt.epochs import leave
from support import HANG_S
from support.sources import sources
from support.streams import dataset, numbered, publishing
from torch.utils.data import DataLoader


@contextmanager
def endless(btid: int = 0) -> Iterator[tuple[str, btb.DataPublisher]]:
    """A publisher that publishes numbers until the test is over: its queues are always full."""
    given: list[btb.DataPublisher] = []
    begun = threading.Event()

    def publish(publisher: btb.DataPublisher) -> None:
        given.append(publisher)
        begun.set()
        with suppress(OSError):  # closed when the test is over
            for number in itertools.count():
                publisher.publish(number=number)

    with publishing(publish, btid) as address:
        assert begun.wait(HANG_S)
        yield address, given[0]


def numbers(items: Any) -> list[int]:
    return [item["number"] for item in items]


def of_batches(loader: Any) -> list[int]:
    return [number for batch in loader for number in batch["number"].tolist()]


def assert_whole(told: Any, received: int) -> None:
    """Of a dataset or loader that was the only consumer."""
    stats = told.stats()
    assert (stats["received"], stats["discarded"]) == (received, 0)
    assert (stats["missing"], stats["duplicated"], stats["reordered"]) == (0, 0, 0)
    assert stats["unfinished"] == 0
    total = btt.merge_receipts([told.receipts()])
    assert (total["received"], total["lost"]) == (received, 0)


def loaders(stream: btt.RemoteIterableDataset) -> dict[str, tuple[Any, Callable[..., list[int]]]]:
    return {
        "itself": (stream, numbers),
        "ours": (btt.DataLoader(stream, batch_size=8), of_batches),
        "torch": (DataLoader(stream, batch_size=8), of_batches),
        "both": (DataLoader(btt.DataLoader(stream, 8), batch_size=None), of_batches),
    }


@pytest.mark.parametrize("kind", ["itself", "ours", "torch", "both"])
def test_epochs_go_on_where_the_last_one_ended(kind: str) -> None:
    """Regression: between two epochs two queues of images of each publisher were thrown away."""
    with publishing(numbered(100)) as address:
        stream = dataset(address, max_items=20)
        loader, taken = loaders(stream)[kind]
        for epoch in range(5):
            assert taken(loader) == list(range(20 * epoch, 20 * epoch + 20))
            assert_whole(stream, 20 * epoch + 20)
        # All that is left is the publisher's end.
        assert taken(loader) == []
        assert_whole(stream, 100)
        assert stream.stats()["ended"] == 1


def test_several_publishers_lose_nothing_between_epochs() -> None:
    with publishing(numbered(50), 0) as first, publishing(numbered(50), 1) as second:
        stream = dataset(first, second, max_items=10)
        items = [item for _ in range(10) for item in stream]
        for btid in range(2):
            assert numbers(i for i in items if i["btid"] == btid) == list(range(50))
        assert_whole(stream, 100)


def identity(item: dict[str, Any]) -> tuple[int, int]:
    return os.getpid(), item["number"]


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("ours", [False, True])
def test_persistent_workers_go_on_with_what_they_have(start: str, ours: bool) -> None:
    """Each has a share of the stream: together they have all of it, up to the last that any has."""
    with sources(1) as addresses:
        transform = None if ours else identity
        stream = dataset(*addresses, max_items=40, item_transform=transform)
        loader = DataLoader(
            btt.DataLoader(stream, batch_size=8) if ours else stream,
            batch_size=None,
            num_workers=2,
            persistent_workers=True,
            multiprocessing_context=start,
        )
        seen: list[int] = []
        for epoch in range(1, 4):
            rows = list(loader)
            seen += (
                (n for batch in rows for n in batch["number"].tolist())
                if ours
                else (number for _, number in rows)
            )
            assert len(seen) == len(set(seen)) == 40 * epoch
            stats = stream.stats()
            assert (stats["received"], stats["discarded"]) == (40 * epoch, 0)
            assert (stats["duplicated"], stats["reordered"], stats["unfinished"]) == (0, 0, 0)
            total = btt.merge_receipts([stream.receipts()])
            assert (total["received"], total["duplicated"]) == (40 * epoch, 0)
        del loader
        # The workers' queues are thrown away with them, and counted.
        gc.collect()
        stats = stream.stats()
        assert stats["received"] == 120 + stats["discarded"]
        assert stats["discarded"] > 0


def test_workers_that_end_with_their_epoch_count_what_they_throw_away() -> None:
    with sources(1) as addresses:
        stream = dataset(*addresses, max_items=20)
        loader = DataLoader(stream, batch_size=None, num_workers=2, multiprocessing_context="fork")
        for _ in range(2):
            assert len(list(loader)) == 20
            stats = stream.stats()
            assert stats["received"] == 20 + stats["discarded"]
            assert stats["discarded"] > 0


def test_an_epoch_that_is_broken_off_leaves_the_publisher() -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=20)
        assert numbers(stream) == list(range(20))
        broken_off = iter(stream)
        assert next(broken_off)["number"] == 20
        del broken_off
        stats = stream.stats()
        assert stats["received"] == 21 + stats["discarded"]
        # A connection of its own, with counters of its own.
        again = numbers(stream)
        assert again == list(range(again[0], again[0] + 20)) and again[0] > 20
        assert stream.stats()["received"] == 20


def test_an_epoch_of_which_all_was_taken_need_not_be_asked_for_more() -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=10)
        for epoch in range(3):
            items = [item for _, item in zip(range(10), stream, strict=False)]
            assert numbers(items) == list(range(10 * epoch, 10 * epoch + 10))
        assert_whole(stream, 30)


@pytest.mark.parametrize("ours", [False, True])
def test_epochs_may_have_other_lengths(ours: bool) -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=5)
        loader: Any = btt.DataLoader(stream, batch_size=4) if ours else stream
        taken = of_batches if ours else numbers
        first = 0
        for length in (5, 9, 1, 0, 3):
            stream.stream_length(length)
            assert taken(loader) == list(range(first, first + length))
            first += length
        assert_whole(stream, first)


@pytest.mark.parametrize("ours", [False, True])
def test_each_epoch_is_recorded_where_it_is_to_be(ours: bool, tmp_path: Path) -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=5, record_path_prefix=tmp_path / "run")
        loader: Any = btt.DataLoader(stream, batch_size=4) if ours else stream
        taken = of_batches if ours else numbers
        for first, prefix in [(0, "run"), (5, "run"), (10, "other"), (15, None), (20, "run")]:
            stream.enable_recording(prefix and tmp_path / prefix)
            assert taken(loader) == list(range(first, first + 5))
            if prefix:
                # What was there has been replaced, and is complete.
                recorded = btt.FileDataset(tmp_path / prefix)
                assert numbers(recorded) == list(range(first, first + 5))
        assert_whole(stream, 25)


def test_an_epoch_that_cannot_be_recorded_is_an_error_and_the_stream_is_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / "run_00.mcap").mkdir()
    with endless() as (address, _):
        stream = dataset(address, max_items=5)
        assert numbers(stream) == list(range(5))
        stream.enable_recording(tmp_path / "run")
        with pytest.raises(OSError, match="run_00"):
            iter(stream)
        stream.enable_recording(None)
        assert numbers(stream) == list(range(5, 10))
        assert_whole(stream, 10)


@pytest.mark.parametrize("ours", [False, True])
def test_close_lets_the_publishers_go(ours: bool) -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=10)
        loader: Any = btt.DataLoader(stream, batch_size=5) if ours else stream
        taken = of_batches if ours else numbers
        assert taken(loader) == list(range(10))
        assert stream.stats()["discarded"] == 0
        loader.close()
        stats = stream.stats()
        assert stats["received"] == 10 + stats["discarded"]
        loader.close()
        again = taken(loader)
        assert again == list(range(again[0], again[0] + 10)) and again[0] >= 10
        assert stream.stats()["received"] == 10


def test_a_launcher_lets_go_what_is_kept_of_its_own_instances_alone() -> None:
    with endless() as (address, _), endless() as (other, _):
        streams = [dataset(address, max_items=5), dataset(other, max_items=5)]
        assert [numbers(stream) for stream in streams] == [list(range(5))] * 2
        leave([address, "tcp://127.0.0.1:1"])
        left, kept = (stream.stats() for stream in streams)
        assert left["received"] == 5 + left["discarded"]
        assert (kept["received"], kept["discarded"]) == (5, 0)
        assert numbers(streams[1]) == list(range(5, 10))
        # With a connection, and counters, of its own.
        assert len(numbers(streams[0])) == streams[0].stats()["received"] == 5


def test_what_a_dataset_has_kept_ends_with_it() -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=10)
        loader = btt.DataLoader(stream, batch_size=5)
        assert numbers(stream) == list(range(10))
        latest = stream._latest
        assert latest is not None
        del stream, loader
        gc.collect()
        stats = latest.stream.stats()
        assert stats["received"] == 10 + stats["discarded"]
        other = dataset(address, max_items=10)
        assert len(numbers(other)) == 10


def test_other_options_are_another_connection() -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=10)
        assert numbers(stream) == list(range(10))
        stream.queue_size = 3
        again = numbers(stream)
        assert again[0] >= 10 and stream.stats()["received"] == 10
        loader = btt.DataLoader(stream, batch_size=5)
        first = of_batches(loader)
        loader.batch_size = 2
        assert [len(batch["number"]) for batch in loader] == [2] * 5
        assert stream.stats()["received"] == 10 and len(first) == 10


def test_two_iterations_at_a_time_have_nothing_in_common() -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=30)
        assert numbers(itertools.islice(stream, 30)) == list(range(30))
        pairs = list(zip(stream, stream, strict=True))
        each = [[pair[which]["number"] for pair in pairs] for which in (0, 1)]
        assert len(set(each[0]) | set(each[1])) == 60
        # The first of them has gone on with what was kept.
        assert each[0][0] == 30
        assert len(numbers(stream)) == 30


def test_a_copy_begins_with_none() -> None:
    with endless() as (address, _):
        stream = dataset(address, max_items=5)
        loader = btt.DataLoader(stream, batch_size=5)
        assert numbers(stream) == list(range(5)) and len(of_batches(loader)) == 5
        for original, taken in ((stream, numbers), (loader, of_batches)):
            for other in (
                copy.copy(original),
                copy.deepcopy(original),
                pickle.loads(pickle.dumps(original)),
            ):
                assert len(taken(other)) == 5
                assert other.stats()["received"] == 5
                other.close()
        assert numbers(stream) == list(range(5, 10))


def test_a_forked_child_leaves_the_parents_stream_alone() -> None:
    with sources(1) as addresses:
        stream = dataset(*addresses, max_items=10)
        assert numbers(stream) == list(range(10))
        workers = DataLoader(stream, batch_size=None, num_workers=2, multiprocessing_context="fork")
        assert len(list(workers)) == 10
        # More than was in the parent's queue when the others came.
        stream.stream_length(5)
        assert numbers(stream) == list(range(10, 15))


def test_a_publisher_that_fails_between_epochs_is_told_of_once() -> None:
    def fails(publisher: btb.DataPublisher) -> None:
        numbered(8)(publisher)
        try:
            raise ValueError("late")
        except ValueError:
            publisher.close()

    with publishing(fails) as address:
        stream = dataset(address, max_items=5)
        assert numbers(stream) == list(range(5))
        rest = iter(stream)
        assert numbers(itertools.islice(rest, 3)) == [5, 6, 7]
        with pytest.raises(btt.InstanceFailedError, match="late"):
            next(rest)
        assert list(rest) == []
        assert_whole(stream, 8)
        assert stream.stats()["ended"] == 1


def test_an_item_that_cannot_be_given_counts_as_discarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: a batch was counted, an item was in no count."""

    def publish(publisher: btb.DataPublisher) -> None:
        for number in range(3):
            publisher.publish(number=number, scale=np.float32(number))

    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("no scalars today")

    with publishing(publish) as address:
        stream = dataset(address)
        items = iter(stream)
        assert next(items)["number"] == 0
        with monkeypatch.context() as patch:
            patch.setattr(np, "frombuffer", refuse)
            with pytest.raises(ValueError, match="no scalars today"):
                next(items)
        assert numbers(items) == [2]
    assert (stream.stats()["received"], stream.stats()["discarded"]) == (3, 1)
