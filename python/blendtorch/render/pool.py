"""A pool of Blenders, with the methods of `multiprocessing.Pool`.

Functions run in threads of this program, one for each Blender: what takes time is done in Blender.
So functions may be of any kind, and share what this program has. Owns which Blender is free.
"""

import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.pool import AsyncResult, ThreadPool
from types import TracebackType
from typing import Any

from .client import BlenderClient
from .progress import Tick
from .started import ENDED, Started


class Pool:
    """Made by `BlenderClients.pool`. Each function gets a `BlenderClient` as its first argument,
    which has nothing open, and is closed behind it."""

    def __init__(self, fleet: Started, autoexec: bool) -> None:
        """Of the Blenders of a fleet."""
        self._fleet = fleet
        self._autoexec = autoexec
        self._threads = ThreadPool(fleet.workers)
        self._ticks: list[Tick] = []
        self._over = False
        self._free: queue.Queue[int] = queue.Queue()
        for worker in range(fleet.workers):
            self._free.put(worker)

    def map(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int | None = None
    ) -> list[Any]:
        """What the function returns of a client and each item, in their order."""
        return self._threads.map(self._with(func), self._noted(iterable), chunksize or 1)

    def map_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Callable[..., Any] | None = None,
        error_callback: Callable[..., Any] | None = None,
    ) -> "AsyncResult[list[Any]]":
        """`map` without waiting."""
        result: AsyncResult[list[Any]] = self._threads.map_async(
            self._with(func), self._noted(iterable), chunksize or 1, callback, error_callback
        )
        return result

    def imap(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int = 1
    ) -> Iterator[Any]:
        """`map`, each result as soon as it and those before it are there."""
        return self._threads.imap(self._with(func), iterable, chunksize)

    def imap_unordered(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int = 1
    ) -> Iterator[Any]:
        """`map`, each result as soon as it is there."""
        return self._threads.imap_unordered(self._with(func), iterable, chunksize)

    def starmap(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
    ) -> list[Any]:
        """`map`, each item being the arguments."""
        return self._threads.starmap(self._with(func), self._starred(iterable), chunksize or 1)

    def starmap_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
        callback: Callable[..., Any] | None = None,
        error_callback: Callable[..., Any] | None = None,
    ) -> "AsyncResult[list[Any]]":
        """`starmap` without waiting."""
        result: AsyncResult[list[Any]] = self._threads.starmap_async(
            self._with(func), self._starred(iterable), chunksize or 1, callback, error_callback
        )
        return result

    def apply(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: "dict[str, Any] | None" = None,
    ) -> Any:
        """What the function returns of a client and these arguments."""
        return self.apply_async(func, args, kwds).get()

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: "dict[str, Any] | None" = None,
        callback: Callable[..., Any] | None = None,
        error_callback: Callable[..., Any] | None = None,
    ) -> "AsyncResult[Any]":
        """`apply` without waiting."""
        arguments = tuple(args)
        self._note((*arguments, *(kwds or {}).values()))
        result: AsyncResult[Any] = self._threads.apply_async(
            self._with(func), arguments, kwds or {}, callback, error_callback
        )
        return result

    def _with(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a client before its arguments."""

        def call(*args: Any, **kwargs: Any) -> Any:
            ticks = [one for one in (*args, *kwargs.values()) if isinstance(one, Tick)]
            failed: BaseException | None = None
            try:
                return self._call(func, args, kwargs)
            except BaseException as error:
                failed = error
                raise
            finally:
                for one in ticks:
                    one.end(failed)

        return call

    def _call(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """The function, with a Blender that is free."""
        if self._over:
            raise RuntimeError(ENDED)
        worker = self._free.get()
        try:
            client = BlenderClient(self._fleet, worker)
            client._autoexec = self._autoexec
            try:
                value = func(client, *args, **kwargs)
                # What it did not wait for is rendered by this Blender too.
                client.wait()
            except BaseException:
                # What is open there is closed by who opens the next.
                with suppress(Exception):
                    client.close()
                raise
            client.close()
            return value
        finally:
            self._free.put(worker)

    def _note(self, arguments: Iterable[Any]) -> None:
        """Remembers ticks, which end with the pool where their functions are not called."""
        self._ticks += [one for one in arguments if isinstance(one, Tick)]

    def _noted(self, iterable: Iterable[Any]) -> list[Any]:
        items = list(iterable)
        self._note(items)
        return items

    def _starred(self, iterable: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
        items = [tuple(item) for item in iterable]
        for item in items:
            self._note(item)
        return items

    def close(self) -> None:
        """No more functions are taken."""
        self._threads.close()

    def terminate(self) -> None:
        """Ends the Blenders and what they render. Functions that have not begun raise."""
        self._over = True
        self._fleet.stop()
        self._threads.close()
        for tick in self._ticks:
            if not tick.over:
                tick.end(RuntimeError(ENDED))

    def join(self) -> None:
        """Waits for all functions, after `close` or `terminate`."""
        self._threads.join()

    def __enter__(self) -> "Pool":
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the Blenders, as `multiprocessing.Pool` does its processes."""
        self.terminate()
        self.join()
