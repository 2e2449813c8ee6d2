"""A Blender that draws a network while it is simulated.

Owns what is done with what comes: which intervals go into which picture, and what is said of a
sender that is late, gone, or not understood. What is drawn, and how, a canvas knows
(`live_canvas`); the channel is Rust's (docs/live.md).
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from ... import _blendtorch
from .live_values import Values, values_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIECE_MS = 250
QUIET_S = 30.0
"""So long nothing comes until it is said that the simulation may hang."""


@dataclass
class Hello:
    """What a sender says of its network."""

    description: dict[str, Any]
    """How it is shown: the keys of a `network.json`."""
    populations: "dict[str, NDArray[np.float32]]"
    """Where the cells of each are, (n, 3), µm."""
    devices: dict[str, int]
    """How many values each has."""
    arrays: "dict[str, NDArray[Any]]"
    policy: str = "drop"
    window: int | None = None


@dataclass
class Shown:
    """What is in the scene now."""

    step: int
    """The last interval's number."""
    start_ms: float
    """Where the first interval begins that no picture has shown before."""
    stop_ms: float
    """Where the last one ends."""
    intervals: int
    """How many went into this picture."""
    values: "dict[str, NDArray[np.float32]]"
    """A value a cell, by population."""
    devices: "dict[str, NDArray[np.float32]]"
    spikes: dict[str, int]
    """How many spikes, by population."""


@dataclass
class Ended:
    """How a session ended."""

    how: str
    """`finished`, `failed`, `interrupted`, or `lost` where the sender went without a word."""
    reason: str | None = None


class Canvas(Protocol):
    """Where it is drawn."""

    def begin(self, hello: Hello) -> None:
        """A network is to be shown in place of the one before. ValueError: it cannot be."""

    def apply(self, shown: Shown) -> None:
        """These are the values now."""


class _Called:
    """The canvas of a function: `apply(shown)`."""

    def __init__(self, apply: Callable[[Shown], object]) -> None:
        self._apply = apply

    def begin(self, hello: Hello) -> None:
        """Nothing to be made."""

    def apply(self, shown: Shown) -> None:
        """Calls it."""
        self._apply(shown)


@dataclass
class _Session:
    hello: Hello
    values: dict[str, Values]
    devices: "dict[str, NDArray[np.float32]]" = field(default_factory=dict)
    spikes: dict[str, int] = field(default_factory=dict)
    fresh: int = 0
    start_ms: float = 0.0
    step: int = -1
    stop_ms: float = 0.0


class LiveView:
    """Shows what a simulation sends, as it comes.

        view = btb.network.LiveView(btargs.btsockets["ACTIVITY"], btargs.btid)
        for shown in view:
            pub.publish(image=off.render(), ms=shown.stop_ms)

    Where the sender's policy is "drop" each round takes all intervals that have come, and shows the
    newest; where it is "slow" each interval has its own round, and the simulation waits for it.
    A round is over, and its picture counted as drawn, when the next one is asked for.
    """

    def __init__(
        self,
        address: str,
        btid: int | None = None,
        *,
        canvas: "Canvas | Callable[[Shown], object] | None" = None,
        azimuth: float | None = None,
    ) -> None:
        """Binds its address, to which senders connect.

        Args:
            address: that of the socket `ACTIVITY`, from the launcher.
            btid: the instance's number.
            canvas: where it is drawn; this Blender's scene where nothing is said. A function is
                called with each `Shown`.
            azimuth: from where this Blender sees the network, in degrees, whatever the sender
                says: several Blenders see it from several sides.

        Raises:
            OSError: the address is in use.
        """
        if canvas is None:
            from .live_canvas import SceneCanvas

            canvas = SceneCanvas(azimuth=azimuth)
        self._canvas: Canvas = canvas if hasattr(canvas, "begin") else _Called(canvas)  # type: ignore[assignment]
        self._viewer = _blendtorch.LiveViewer(address, btid)
        self._session: _Session | None = None
        self._undrawn = False
        self._held: tuple[str, dict[str, Any]] | None = None
        self._heard = time.monotonic()
        self._quiet = False
        self._malformed = 0
        self.ended: Ended | None = None
        """How the last session ended; None while one goes on."""

    @property
    def address(self) -> str:
        """The bound address, with the port that the system chose for port 0."""
        return self._viewer.address

    @property
    def hello(self) -> Hello | None:
        """The network that is shown now."""
        return None if self._session is None else self._session.hello

    def counts(self) -> dict[str, int]:
        """What was counted: intervals `applied` and `missed`, `pictures`, `unknown_spikes` of cells
        that are not there, `unfit` arrays, `malformed` messages."""
        return self._viewer.counts()

    def __iter__(self) -> Iterator[Shown]:
        """Pictures of all sessions, until the process ends."""
        while True:
            if (shown := self.next(None)) is not None:
                yield shown

    def session(self, timeoutms: float | None = None) -> Iterator[Shown]:
        """Pictures of one session, to its end.

        Args:
            timeoutms: how long the sender, and each interval, is waited for; None for ever.

        Raises:
            TimeoutError: nothing came for so long.
        """
        self.ended = None
        while self.ended is None:
            shown = self.next(timeoutms)
            if shown is not None:
                yield shown
            elif self.ended is None:
                raise TimeoutError(f"nothing was sent to {self.address} for {timeoutms:g} ms")

    def next(self, timeoutms: float | None = 0) -> Shown | None:
        """Takes what has come, shows it, and says what is in the scene now. None where nothing new
        came within `timeoutms` (None and -1: for ever), or a session ended.

        What the call before has returned is counted as drawn.
        """
        self._seen()
        forever = timeoutms is None or timeoutms < 0
        until = None if forever else time.monotonic() + float(timeoutms or 0) / 1000
        while True:
            left = _PIECE_MS if until is None else max((until - time.monotonic()) * 1000, 0)
            told = self._next(min(left, _PIECE_MS))
            if told is not None and self._take(*told):
                return self._drain()
            if told is not None and told[0] in ("ended", "lost"):
                return None
            if told is None and until is not None and time.monotonic() >= until:
                return None

    def _drain(self) -> Shown | None:
        session = self._session
        while session is not None and session.hello.policy == "drop":
            told = self._next(0)
            if told is None:
                break
            if told[0] != "snapshot":
                self._held = told
                break
            self._take(*told)
        if session is None:
            return None
        shown = Shown(
            session.step,
            session.start_ms,
            session.stop_ms,
            session.fresh,
            {name: one.out for name, one in session.values.items()},
            session.devices,
            session.spikes,
        )
        self._canvas.apply(shown)
        self._undrawn = True
        return shown

    def _seen(self) -> None:
        """What was returned last is drawn."""
        session = self._session
        if self._undrawn and session is not None:
            for one in session.values.values():
                one.drawn()
            session.fresh, session.spikes = 0, {}
            self._viewer.seen(True)
        self._undrawn = False

    def _next(self, timeoutms: float) -> tuple[str, dict[str, Any]] | None:
        if self._held is not None:
            held, self._held = self._held, None
            return held
        try:
            told = self._viewer.next(timeoutms)
        except _blendtorch.MalformedMessageError as error:
            self._malformed += 1
            if self._malformed == 1:
                _say(f"{error}; others like it are only counted")
            return None
        now = time.monotonic()
        if told is not None:
            self._heard, self._quiet = now, False
        elif self._session is not None and not self._quiet and now - self._heard > QUIET_S:
            self._quiet = True
            _say(
                f"nothing was sent for {QUIET_S:g} s since {self._session.stop_ms:g} ms: the "
                "simulation is slow, or hangs"
            )
        return told

    def _take(self, what: str, told: dict[str, Any]) -> bool:
        """Whether there is something new to be drawn."""
        if what == "hello":
            self._begin(told)
        elif what == "snapshot":
            return self._snapshot(told)
        elif what in ("ended", "lost"):
            self._end(what, told)
        return False

    def _begin(self, told: dict[str, Any]) -> None:
        self.ended, self._session = None, None
        try:
            hello = Hello(
                description=json.loads(told["description"]),
                populations=told["populations"],
                devices=told["devices"],
                arrays=told["arrays"],
                policy=told["policy"],
                window=told["window"],
            )
            values = {
                name: values_of(_show(hello.description, name), len(places))
                for name, places in hello.populations.items()
            }
            self._canvas.begin(hello)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _say(f"this network cannot be shown: {error}")
            self._viewer.refuse(str(error)[:1000])
            return
        self._session = _Session(hello, values)

    def _snapshot(self, told: dict[str, Any]) -> bool:
        session = self._session
        if session is None:
            return False
        if session.fresh == 0:
            session.start_ms = told["start_ms"]
        session.fresh += 1
        session.step, session.stop_ms = told["step"], told["stop_ms"]
        sent = told["values"]
        for name, values in session.values.items():
            spikes = told["spikes"].get(name)
            if spikes is not None:
                session.spikes[name] = session.spikes.get(name, 0) + len(spikes)
            if name in sent:
                values.out[:] = sent[name]
            else:
                values.add(spikes, told["start_ms"], told["stop_ms"])
        session.devices.update(told["devices"])
        return True

    def _end(self, what: str, told: dict[str, Any]) -> None:
        session, self._session = self._session, None
        at = "" if session is None else f" at {session.stop_ms:g} ms"
        if what == "lost":
            self.ended = Ended("lost", f"the sender went without a word{at}")
            _say(f"the sender is gone{at}, without a word")
            return
        self.ended = Ended(told["how"], told["reason"])
        if self.ended.how != "finished":
            last = (self.ended.reason or "").strip().splitlines()
            why = f": {last[-1]}" if last else ""
            _say(f"the simulation ended{at}: {self.ended.how}{why}")

    def close(self) -> None:
        """Closes; what was returned last counts as drawn."""
        self._seen()
        self._viewer.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes."""
        self.close()


def _show(description: dict[str, Any], population: str) -> Any:
    """What is shown of a population: its own, or that of all."""
    style = (description.get("populations") or {}).get(population) or {}
    return style.get("show") or description.get("show")


def _say(text: str) -> None:
    print(f"blendtorch: {text}", file=sys.stderr, flush=True)
