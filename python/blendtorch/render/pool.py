"""A pool of Blenders, with the methods of `multiprocessing.Pool`.

Functions run in threads of this program, one for each Blender: what takes time is done in Blender.
So functions may be of any kind, and share what this program has. Owns which Blender is free.
"""

import queue
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.pool import AsyncResult, ThreadPool
from types import TracebackType
from typing import Any

from .client import BlenderClient
from .progress import Tick


class Pool:
    """Made by `BlenderClients.pool`. Each function gets a `BlenderClient` as its first argument,
    which has nothing open, and is closed behind it."""

    def __init__(self, fleet: Any, autoexec: bool) -> None:
        """Of the Blenders of a fleet."""
        self._fleet = fleet
        self._autoexec = autoexec
        self._threads = ThreadPool(fleet.workers)
        self._ticks: list[Tick] = []
        self._free: queue.Queue[int] = queue.Queue()
        for worker in range(fleet.workers):
            self._free.put(worker)

    def map(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int | None = None
    ) -> list[Any]:
        """What the function returns of a client and each item, in their order."""
        return self._threads.map(self._with(func), iterable, chunksize or 1)

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
            self._with(func), iterable, chunksize or 1, callback, error_callback
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
        return self._threads.starmap(self._with(func), iterable, chunksize or 1)

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
            self._with(func), iterable, chunksize or 1, callback, error_callback
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
        self._ticks += [one for one in (*arguments, *(kwds or {}).values()) if _is_tick(one)]
        result: AsyncResult[Any] = self._threads.apply_async(
            self._with(func), arguments, kwds or {}, callback, error_callback
        )
        return result

    def _with(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a client before its arguments."""

        def call(*args: Any, **kwargs: Any) -> Any:
            worker = self._free.get()
            client = BlenderClient(self._fleet, [worker])
            client._autoexec = self._autoexec
            failed: BaseException | None = None
            try:
                return func(client, *args, **kwargs)
            except BaseException as error:
                failed = error
                raise
            finally:
                try:
                    client.close()
                except Exception:  # Its Blender is lost: the next one begins with nothing open.
                    if failed is None:
                        raise
                finally:
                    self._free.put(worker)
                    for one in (*args, *kwargs.values()):
                        if _is_tick(one):
                            one.end(failed)

        return call

    def close(self) -> None:
        """No more functions are taken."""
        self._threads.close()

    def terminate(self) -> None:
        """Ends the Blenders, and with them what they render."""
        self._fleet.stop()
        self._threads.close()
        for tick in self._ticks:
            tick.end(RuntimeError("the pool was terminated"))

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


def _is_tick(value: Any) -> bool:
    return isinstance(value, Tick)
