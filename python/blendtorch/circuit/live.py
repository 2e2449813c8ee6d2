"""Activity while it is simulated: what a simulation tells the Blenders that draw it.

Owns the sender's words in Python, and that a simulation which ends without closing it says how it
ended. What travels, who waits for whom and what is counted, Rust knows (docs/live.md). It must
never know what simulates.
"""

import atexit
import json
import os
import sys
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from .. import _blendtorch, ending
from .as_json import plain

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import ArrayLike, NDArray

Policy = Literal["drop", "slow"]
Targets = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_CELL, _VALUE = np.dtype(np.uint32), np.dtype(np.float32)

_open: "weakref.WeakSet[LiveSender]" = weakref.WeakSet()


class LiveSender:
    """Tells viewers what happens in a network, an interval at a time.

        with LiveSender("launch_info.json", {"exc": positions}) as live:
            for k in range(100):
                spiked = simulate(k)
                live.send(k, k * 1.0, (k + 1) * 1.0, {"exc": spiked})

    It connects to all viewers, whether or not they are there yet. One that dies holds up nobody,
    and is told the network again when it is back.
    """

    def __init__(
        self,
        to: Targets,
        populations: "Mapping[str, ArrayLike]",
        *,
        description: Mapping[str, Any] | None = None,
        devices: Mapping[str, int] | None = None,
        arrays: "Mapping[str, ArrayLike] | None" = None,
        policy: Policy = "drop",
        window: int = 4,
        patience: float = 60.0,
        linger: float = 5.0,
        await_viewers: float = 0.0,
        before_close: Callable[[], object] | None = None,
    ) -> None:
        """Connects.

        Args:
            to: where viewers are: `tcp://host:port`, or the launch info of a fleet whose instances
                have a socket named `ACTIVITY`; one or several.
            populations: where the cells of each are: (n, 3), µm.
            description: how it is shown, with the keys of a `network.json`
                (docs/network.schema.json) but for `network`, `results` and positions, which travel
                as arrays.
            devices: how many values each has, by name.
            arrays: more arrays that viewers of your own understand.
            policy: "drop": the simulation never waits, and a viewer that is late draws the newest.
                "slow": it waits for viewers that are more than `window` intervals behind, so that
                each is drawn.
            window: how many intervals a viewer may be behind where the policy is "slow".
            patience: seconds that such a viewer is waited for where it does not move at all.
            linger: seconds that `close` lets viewers take what is on its way.
            await_viewers: seconds until all are there, at most; they are told what they missed.
            before_close: called when it is closed, also by the end of the process, for who still
                has something to send.

        Raises:
            ValueError: there is no address, or the network cannot be told.
            FileNotFoundError: there is no such launch info.
            OSError: an address cannot be used.
        """
        targets = [to] if isinstance(to, str | os.PathLike) else list(to)
        places = {name: _array(name, one, _VALUE) for name, one in populations.items()}
        for name, one in places.items():
            if one.ndim != 2 or one.shape[1] != 3:
                raise ValueError(f"{name}: positions are (n, 3), not {one.shape}")
        self._counts: list[dict[str, Any]] = []
        self._sender = _blendtorch.LiveSender(
            [os.fspath(one) for one in targets],
            json.dumps(plain(dict(description or {}))),
            places,
            {name: np.ascontiguousarray(one) for name, one in (arrays or {}).items()},
            [(name, int(values)) for name, values in (devices or {}).items()],
            policy=policy,
            window=window,
            patience_ms=patience * 1000,
            linger_ms=linger * 1000,
        )
        self._before_close = before_close
        self._closed = False
        self._sent = 0
        weakref.finalize(self, _forgotten, self._sender).atexit = False
        _watch()
        _open.add(self)
        until = time.monotonic() + await_viewers
        while not self._is_seen() and time.monotonic() < until:
            time.sleep(0.02)
        if await_viewers and not self._is_seen():
            text = f"not all viewers are there after {await_viewers:g} s"
            warnings.warn(text, RuntimeWarning, stacklevel=2)

    def _is_seen(self) -> bool:
        return all(one["state"] in ("live", "gone") for one in self.counts())

    def send(
        self,
        step: int,
        start_ms: float,
        stop_ms: float,
        spikes: "Mapping[str, ArrayLike] | None" = None,
        values: "Mapping[str, ArrayLike] | None" = None,
        devices: "Mapping[str, ArrayLike] | None" = None,
    ) -> None:
        """Hands over an interval, [start_ms, stop_ms).

        Args:
            step: its number, from 0.
            start_ms: where it begins.
            stop_ms: where it ends: spikes at this time are the next one's.
            spikes: which cells spiked, by population, as indices; a cell twice if it spiked twice.
            values: a value a cell, by population.
            devices: the values of devices.

        Raises:
            ValueError: what does not fit the network; nothing was sent.
            OSError: it is closed.
        """
        news = self._sender.send(
            (int(step), float(start_ms), float(stop_ms)),
            _arrays(spikes, _CELL),
            _arrays(values, _VALUE),
            _arrays(devices, _VALUE),
        )
        self._sent += 1
        if news is not None:
            self._tell(news)

    def _send_all(
        self,
        intervals: "list[tuple[tuple[int, float, float], dict[str, NDArray[np.uint32]], "
        "dict[str, NDArray[np.float32]]]]",
    ) -> None:
        """The same for several, of arrays that need no look: number, begin and end; spikes; values
        of devices."""
        news = self._sender.send_all(intervals)
        self._sent += len(intervals)
        if news is not None:
            self._tell(news)

    def counts(self) -> list[dict[str, Any]]:
        """What is counted of each viewer: `address`, `state` (awaited, greeted, live, gone),
        intervals `sent`, `applied`, `drawn`, `left_out` and `lost`, `pictures`, and the seconds
        `waited_s` that the simulation waited for it."""
        return self._counts if self._closed else self._sender.counts()

    def close(self, error: BaseException | None = None) -> list[dict[str, Any]]:
        """Tells viewers that this was all, or that it failed, and waits until they have it.

        Returns:
            What was counted of each viewer.
        """
        return self._close(ending.of(error or sys.exception()))

    def _close(self, end: ending.End) -> list[dict[str, Any]]:
        if self._closed:
            return self._counts
        before, self._before_close = self._before_close, None
        try:
            if before is not None:
                before()
        finally:
            self._closed = True
            _open.discard(self)
            self._counts, news = self._sender.close(*end)
            self._tell(news)
        return self._counts

    def _tell(self, news: list[tuple[str, bool]]) -> None:
        for text, is_trouble in news:
            if is_trouble:
                warnings.warn(text, RuntimeWarning, stacklevel=4)
            else:
                print(f"blendtorch: {text}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Closes it, with the error that leaves the block where there is one."""
        self._close(ending.of(error))


def _arrays(
    given: "Mapping[str, ArrayLike] | None", dtype: "np.dtype[Any]"
) -> "dict[str, NDArray[Any]] | None":
    return {name: _array(name, one, dtype) for name, one in given.items()} if given else None


def _array(name: str, values: "ArrayLike", dtype: "np.dtype[Any]") -> "NDArray[Any]":
    """As an array that travels; numbers that another type would change are refused."""
    given = np.asarray(values)
    if given.dtype == dtype:
        return np.ascontiguousarray(given)
    if dtype is _CELL and given.size:
        if given.dtype.kind not in "iu":
            raise ValueError(f"{name}: cells are whole numbers, not {given.dtype}")
        if given.min() < 0 or given.max() > np.iinfo(np.uint32).max:
            raise ValueError(f"{name}: there is no cell {int(given.min())}: they count from 0")
    return np.ascontiguousarray(given, dtype)


def _forgotten(sender: _blendtorch.LiveSender) -> None:
    """One that nobody has any more has come to no end that anyone said."""
    sender.close("failed", "the sender was left before its end")


def _close_all() -> None:
    """At exit: each says how the process ends."""
    for one in list(_open):
        one._close(ending.of_process())


_watching: int | None = None


def _watch() -> None:
    global _watching
    if _watching == os.getpid():
        return
    inherited, _watching = _watching is not None, os.getpid()
    if inherited:
        return
    os.register_at_fork(after_in_child=_open.clear)
    atexit.register(_close_all)
    ending.watch(_sent)


def _sent() -> int:
    return sum(one._sent for one in list(_open))
