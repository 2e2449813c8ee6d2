"""The dataset under torch's own DataLoader: no worker, one, four; forked and spawned."""

import multiprocessing
import os
import signal
from collections import Counter
from typing import Any

import pytest
import torch
from blendtorch import btt
from support.processes import eventually, has_ended
from support.sources import sources
from support.streams import dataset
from torch.utils.data import DataLoader, get_worker_info


def worker_and_item(item: dict[str, Any]) -> tuple[int, int, int]:
    """Which process got an item, and which one it is."""
    assert (item["image"] == item["number"] % 256).all()
    return os.getpid(), item["btid"], item["number"]


def identified(rows: list[torch.Tensor]) -> list[tuple[int, ...]]:
    return [tuple(int(n) for n in row) for batch in rows for row in torch.stack(batch, 1)]


@pytest.mark.parametrize(
    ("workers", "start"), [(0, None), (1, "fork"), (1, "spawn"), (4, "fork"), (4, "spawn")]
)
def test_conformance_10_each_worker_yields_its_share_and_no_two_the_same(
    workers: int, start: str | None
) -> None:
    # One process takes all that two publishers have. Of four, each leaves some on its way to it.
    with sources(2, items=50 if workers < 2 else -1) as addresses:
        loader = DataLoader(
            dataset(*addresses, max_items=100, item_transform=worker_and_item),
            batch_size=5,
            num_workers=workers,
            multiprocessing_context=start,
        )
        items = identified(list(loader))
    # Each worker yields its share, and no two the same item.
    shares = Counter(process for process, _, _ in items)
    assert sorted(shares.values()) == [100 // max(workers, 1)] * max(workers, 1)
    assert len({identity[1:] for identity in items}) == len(items) == 100
    assert workers > 1 or Counter(btid for _, btid, _ in items) == {0: 50, 1: 50}
    assert (os.getpid() in shares) == (workers == 0)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_end_with_their_publishers_and_have_all(start: str) -> None:
    with sources(2, items=150) as addresses:
        loader = DataLoader(
            dataset(*addresses, max_items=10_000, item_transform=worker_and_item),
            batch_size=None,
            num_workers=3,
            multiprocessing_context=start,
        )
        items = [tuple(identity[1:]) for identity in loader]
    assert sorted(items) == [(btid, number) for btid in range(2) for number in range(150)]


def test_conformance_10_what_does_not_divide_is_left_out() -> None:
    with sources(1) as addresses:
        loader = DataLoader(
            dataset(*addresses, max_items=11, item_transform=worker_and_item),
            batch_size=None,
            num_workers=4,
            multiprocessing_context="fork",
        )
        assert len(list(loader)) == 4 * (11 // 4)


@pytest.mark.filterwarnings("ignore:Got pickle error")
def test_a_lambda_travels_to_forked_workers_only() -> None:
    with sources(1) as addresses:
        doubled = dataset(*addresses, max_items=20, item_transform=lambda item: 2 * item["number"])
        forked = DataLoader(doubled, batch_size=None, num_workers=2, multiprocessing_context="fork")
        assert all(number % 2 == 0 for number in forked)
        spawned = DataLoader(
            doubled, batch_size=None, num_workers=2, multiprocessing_context="spawn"
        )
        with pytest.raises(Exception, match=r"(?i)pickle"):
            next(iter(spawned))


def test_persistent_workers_iterate_again_and_no_item_comes_twice() -> None:
    with sources(1) as addresses:
        loader = DataLoader(
            dataset(*addresses, max_items=20, item_transform=worker_and_item),
            batch_size=None,
            num_workers=2,
            persistent_workers=True,
            multiprocessing_context="spawn",
        )
        first, second = list(loader), list(loader)
    assert {process for process, *_ in first} == {process for process, *_ in second}
    seen = [tuple(identity[1:]) for identity in first + second]
    assert len(seen) == len(set(seen)) == 40


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_loop_that_is_left_leaves_no_process(start: str) -> None:
    with sources(1) as addresses:
        before = set(multiprocessing.active_children())
        batches = iter(
            DataLoader(
                dataset(*addresses, item_transform=worker_and_item),
                batch_size=None,
                num_workers=2,
                multiprocessing_context=start,
            )
        )
        next(batches)
        workers = [p.pid for p in set(multiprocessing.active_children()) - before]
        assert len(workers) == 2 and all(workers)
        del batches
        for worker in workers:
            eventually("the worker has ended", lambda pid=worker: has_ended(pid))


def killed_at_seven(item: dict[str, Any]) -> int:
    """A number, until the process that looks at it is killed in its work."""
    if item["number"] == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item["number"]


def test_a_killed_worker_is_an_error_and_not_a_hang() -> None:
    # Killed here, the worker holds none of torch's locks. A signal from outside may come while it
    # has the one for ending its workers, for which torch's own loader waits without a limit then.
    with sources(1) as addresses:
        loader = DataLoader(
            dataset(*addresses, item_transform=killed_at_seven),
            batch_size=None,
            num_workers=1,
            multiprocessing_context="spawn",
        )
        numbers = []
        with pytest.raises(RuntimeError, match=r"(?i)worker .*(killed|exited)"):
            numbers.extend(loader)
    assert numbers == list(range(len(numbers))) and len(numbers) <= 7


class WithWorker(btt.RemoteIterableDataset):
    """A subclass with its own iteration, as users of the original have."""

    def __iter__(self) -> Any:
        worker = get_worker_info()
        for item in super().__iter__():
            yield (worker.id if worker else -1), item["number"]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_subclass_may_iterate_in_its_own_way(start: str) -> None:
    with sources(1) as addresses:
        loader = DataLoader(
            WithWorker(addresses, max_items=20),
            batch_size=None,
            num_workers=2,
            multiprocessing_context=start,
        )
        rows = list(loader)
    assert Counter(worker for worker, _ in rows) == {0: 10, 1: 10}


def test_items_become_tensors_by_torchs_own_rules() -> None:
    with sources(1, items=8) as addresses:
        (batch,) = DataLoader(dataset(*addresses), batch_size=8)
    assert batch["image"].shape == (8, 64, 64, 4) and batch["image"].dtype is torch.uint8
    assert batch["number"].tolist() == list(range(8)) and batch["btid"].tolist() == [0] * 8
