"""Iterations over streams, and the stream of one that has ended, kept for the next one.

Owns what becomes of a stream when its iteration ends or is broken off. It must never share one: two
iterations at a time have a stream each, and a copy, also in another process, begins with none.
"""

import os
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from .counters import worker
from .following import Following


class Stream(Protocol):
    """What is iterated, and kept."""

    def __next__(self) -> dict[str, Any]: ...

    def is_finished(self) -> bool: ...

    def next_epoch(self, *, max_items: int | None, record: str | None, desk: Any) -> bool: ...

    def close(self) -> None: ...


S = TypeVar("S", bound=Stream)


class Epochs(Generic[S]):
    """Opens the streams of a dataset or loader, and goes on with the one that is kept. That is
    closed with this."""

    def __init__(self) -> None:
        # By what it was opened with. As a list: whoever pops a stream has it for itself.
        self._kept: list[tuple[int, dict[str, Any], S]] = []
        self._closes_at_exit = False

    def open(self, make: Callable[..., S], connection: dict[str, Any], epoch: dict[str, Any]) -> S:
        """A stream with these connections for this epoch: the one that is kept, or else a new one
        that `make` opens."""
        stream = self._take(connection)
        if stream is not None:
            try:
                goes_on = stream.next_epoch(**epoch)
            except BaseException:
                self.keep(stream, connection)
                raise
            if goes_on:
                return stream
            stream.close()
        return make(**connection, **epoch)

    def keep(self, stream: S, connection: dict[str, Any]) -> None:
        """Keeps a stream whose epoch has ended, in place of an earlier one."""
        self.close()
        self._kept.append((os.getpid(), connection, stream))
        _keeping.add(self)
        self._close_at_exit()

    def close(self) -> None:
        """Closes the stream that is kept: what it has received is counted as discarded."""
        while self._kept:
            process, _, stream = self._kept.pop()
            if process == os.getpid():  # else it is the parent's
                stream.close()

    def leave(self, addresses: set[str]) -> None:
        """Closes the stream that is kept if it has connections to one of these."""
        if any(addresses.intersection(_addresses(one)) for _, one, _ in list(self._kept)):
            self.close()

    def _take(self, connection: dict[str, Any]) -> S | None:
        try:
            process, kept, stream = self._kept.pop()
        except IndexError:
            return None
        if process != os.getpid():
            return None
        if kept == connection:
            return stream
        stream.close()
        return None

    def _close_at_exit(self) -> None:
        """A worker of torch's DataLoader ends without taking its objects apart: what it throws away
        then is to be in its books."""
        if self._closes_at_exit or worker() is None:
            return
        from multiprocessing.util import Finalize

        self._closes_at_exit = True
        Finalize(self, _close, args=(self._kept,), exitpriority=0)

    def __reduce__(self) -> Any:
        return Epochs, ()

    def __del__(self) -> None:
        self.close()


def _addresses(connection: dict[str, Any]) -> list[str]:
    """Which addresses a stream with these connections is connected to."""
    follow: tuple[str, str] | None = connection.get("follow")
    known: list[str] = Following(*follow).addresses() if follow else connection["addresses"]
    return known


# Those that have kept a stream.
_keeping: "weakref.WeakSet[Epochs[Any]]" = weakref.WeakSet()


def leave(addresses: Iterable[str]) -> None:
    """Closes what this process has kept of publishers that are to end, at these addresses: they
    would wait for somebody who is connected and takes nothing."""
    for epochs in list(_keeping):
        epochs.leave(set(addresses))


def _close(kept: list[tuple[int, dict[str, Any], Any]]) -> None:
    while kept:
        kept.pop()[2].close()


class Iteration(Generic[S]):
    """One iteration over a stream."""

    # None until it is opened, and when it has been handed on.
    _stream: S | None = None

    def __init__(self, stream: S, keep: Callable[[S], None]) -> None:
        """Of a stream which `keep` is given when the iteration has ended."""
        self._stream = stream
        self._keep = keep

    def _next(self) -> dict[str, Any]:
        if (stream := self._stream) is None:
            raise StopIteration
        try:
            return next(stream)
        except StopIteration:
            self._hand_on()
            raise

    def close(self) -> None:
        """Ends the iteration: what has been received and not been asked for is counted, and a
        recording is completed."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _hand_on(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            self._keep(stream)

    def __del__(self) -> None:
        # As many as there were to be may have been taken, and no further one asked for.
        if self._stream is not None and self._stream.is_finished():
            self._hand_on()
        else:
            self.close()
