"""One place tells what came, whoever iterates: a loop, our loader, torch's, its workers."""

import os
import signal
from typing import Any

import pytest
from blendtorch import btt
from support.sources import sources
from support.streams import dataset
from torch.utils.data import DataLoader


def assert_all_came(told: Any, items: int, publishers: int = 2) -> None:
    """`told` is a dataset, or a loader."""
    stats = told.stats()
    assert stats["received"] == items * publishers
    assert (stats["missing"], stats["duplicated"], stats["unfinished"]) == (0, 0, 0)
    assert stats["ended"] == publishers and stats["bytes"] > 0
    assert sorted(one["btid"] for one in stats["publishers"]) == list(range(publishers))
    assert all(one["received"] == items and one["ended"] for one in stats["publishers"])
    total = btt.merge_receipts([told.receipts()])
    assert (total["received"], total["lost"]) == (items * publishers, 0)
    assert [one["received"] for one in told.receipts()["publishers"]] == [[[0, items]]] * publishers


def test_a_dataset_tells_what_our_loader_took() -> None:
    """Regression: it told nothing."""
    with sources(2, items=30) as addresses:
        stream = dataset(*addresses)
        assert (stream.stats(), stream.receipts()) == ({}, {"publishers": []})
        loader = btt.DataLoader(stream)
        assert sum(len(batch["number"]) for batch in loader) == 60
    assert_all_came(stream, 30)
    assert_all_came(loader, 30)
    assert stream.stats()["assembling"] > 0


@pytest.mark.parametrize("ours", [False, True])
def test_a_dataset_tells_what_torchs_loader_took(ours: bool) -> None:
    with sources(2, items=30) as addresses:
        stream = dataset(*addresses)
        inner: Any = btt.DataLoader(stream, batch_size=4) if ours else stream
        loader = DataLoader(inner, batch_size=None)
        assert sum(batch["number"].numel() if ours else 1 for batch in loader) == 60
    assert_all_came(stream, 30)
    if ours:
        assert_all_came(inner, 30)


@pytest.mark.parametrize(("workers", "start"), [(3, "fork"), (2, "spawn")])
@pytest.mark.parametrize("ours", [False, True])
def test_a_dataset_tells_what_workers_took(workers: int, start: str, ours: bool) -> None:
    """Regression: of what workers received nothing was told."""
    # Without an end: a worker that comes late would wait for publishers that have gone.
    with sources(2) as addresses:
        stream = dataset(*addresses, max_items=60)
        inner: Any = btt.DataLoader(stream, batch_size=4) if ours else stream
        loader = DataLoader(
            inner, batch_size=None, num_workers=workers, multiprocessing_context=start
        )
        assert sum(batch["number"].numel() if ours else 1 for batch in loader) == 60
    for told in (stream, inner):
        stats = told.stats()
        assert stats["received"] - stats["discarded"] == 60
        assert stats["bytes"] > 0 and stats["duplicated"] == 0
        total = btt.merge_receipts([told.receipts()])
        assert (total["received"], total["duplicated"]) == (stats["received"], 0)
        assert sum(one["received"] for one in stats["publishers"]) == stats["received"]


def test_epochs_of_persistent_workers_are_told_together() -> None:
    with sources(1) as addresses:
        stream = dataset(*addresses, max_items=20)
        loader = DataLoader(
            stream,
            batch_size=None,
            num_workers=2,
            persistent_workers=True,
            multiprocessing_context="fork",
        )
        for epoch in (1, 2):
            assert len(list(loader)) == 20
            stats = stream.stats()
            assert (stats["received"], stats["discarded"]) == (20 * epoch, 0)
        del loader
        # The latest iteration tells, whoever it was.
        assert len([next(iter(stream))]) == 1
        assert stream.stats()["received"] - stream.stats()["discarded"] == 1


def killed_at_fifty(item: dict[str, Any]) -> int:
    number: int = item["number"]
    if number == 50:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_worker_that_was_killed_leaves_what_it_wrote_last() -> None:
    with sources(1) as addresses:
        stream = dataset(*addresses, item_transform=killed_at_fifty)
        loader = DataLoader(stream, batch_size=None, num_workers=1, multiprocessing_context="spawn")
        batches = iter(loader)
        numbers = [next(batches)]
        # The first item is written at once.
        assert stream.stats()["received"] > 0
        with pytest.raises(RuntimeError, match=r"(?i)worker .*(killed|exited)"):
            numbers.extend(batches)
    stats = stream.stats()
    assert 0 < stats["received"] <= 51 + 11  # and what waited in its queue
    assert btt.merge_receipts([stream.receipts()])["received"] == stats["received"]


def test_a_copy_in_the_same_process_tells_of_its_own() -> None:
    import copy

    with sources(1, items=8) as addresses:
        stream = dataset(*addresses)
        other = copy.deepcopy(stream)
        loader = DataLoader(other, batch_size=None, num_workers=1, multiprocessing_context="fork")
        assert len(list(loader)) == 8
    assert other.stats()["received"] == 8 and stream.stats() == {}
