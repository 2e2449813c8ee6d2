"""What an iteration has counted, in whatever process it was."""

import json
import os
from typing import Any, NamedTuple, Protocol

from .._blendtorch import Books, Desk
from .receipts import Receipts


class _Stream(Protocol):
    def stats(self) -> dict[str, Any]: ...

    def receipts(self) -> str: ...


class Latest(NamedTuple):
    """An iteration of this process."""

    began: int
    stream: _Stream

    @staticmethod
    def of(stream: _Stream) -> "Latest":
        return Latest(Books.now(), stream)


def worker() -> Any:
    """Which worker of torch's DataLoader this process is: `id`, `num_workers`, `seed`; or None."""
    try:
        from torch.utils.data import get_worker_info
    except ImportError:
        return None
    return get_worker_info()


class Counters:
    """The counters of a dataset. Workers of torch's DataLoader write theirs into memory that the
    process has that made the dataset: a copy of this, forked or pickled, knows where that is."""

    def __init__(self) -> None:
        self._books = _books()
        self._above: tuple[int, int, str, str] | None = None
        self._iterations = 0

    def desk(self) -> Desk | None:
        """Where an iteration that begins here writes, if this process is a worker."""
        info = worker()
        if info is None:
            return None
        books = self._books
        forked = books is not None and books.process != os.getpid()
        reference = books.reference() if books is not None and forked else self._above
        if reference is None:
            return None
        self._iterations += 1
        # One for all workers of a loader, another one for each loader that is made.
        seed = (info.seed - info.id) & (2**63 - 1)
        return Desk.open(reference, info.id, info.num_workers, seed, self._iterations)

    def stats(self, own: Latest | None) -> dict[str, Any]:
        """Of this process's iteration, or of one that workers began later."""
        told = self._read()
        if told is not None and (own is None or told[0] > own.began):
            return told[1]
        return {} if own is None else own.stream.stats()

    def receipts(self, own: Latest | None) -> Receipts:
        """Likewise."""
        told = self._read()
        if told is not None and (own is None or told[0] > own.began):
            read: Receipts = json.loads(told[2])
        else:
            read = {"publishers": []} if own is None else json.loads(own.stream.receipts())
        return read

    def _read(self) -> tuple[int, dict[str, Any], str] | None:
        return None if self._books is None else self._books.read()

    def __getstate__(self) -> dict[str, Any]:
        own = self._books
        mine = own is not None and own.process == os.getpid()
        return {"above": own.reference() if own is not None and mine else self._above}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self._above = state["above"]


def _books() -> Books | None:
    try:
        return Books()
    except OSError:  # No more files may be open: everything but the workers' counts works.
        return None
