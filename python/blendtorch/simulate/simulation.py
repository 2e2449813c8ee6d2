"""A simulation: run, in pieces if that is wanted, asked and changed between them.

Owns what Python adds to a run: progress for people, Ctrl-C, functions that need pandas.
"""

import errno
import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .._blendtorch import SimulationRun
from ..circuit.as_json import as_json
from ..circuit.ids import id_of, ids_of
from ..circuit.live import Policy, Targets
from .called import Called

LOG = logging.getLogger("blendtorch.simulate")
# Without a terminal a line comes so often, in seconds.
EVERY = 10.0
Answer = TypeVar("Answer")
Ids = Iterable[int] | int


class Simulation:
    """A SONATA configuration that is simulated by the native engine.

        with Simulation("config.json") as sim:
            sim.run_until(100.0)
            print(sim.state("cortex", "V_m"))          # mV, a float64 for each cell
            sim.set("cortex", "I_e", 50.0, ids=[3])    # pA, from now on
            sim.run()
            print(sim.finish()["populations"])

    `config` is a file or a dict; paths in a dict go on from `folder` (this one). `changed` has
    other values of dotted keys, as {"run.tstop": 500}. What is wrong raises ValueError, all of it
    at once (a file that is not there FileNotFoundError); what is only odd is logged (logger
    "blendtorch.simulate") and in `warnings`.
    `functions` has the functions that the network names, by kind and name, besides the registered
    ones.

    Cells are named by ids: a list, a column or one; a mask raises TypeError. Threads that share a
    simulation wait for each other: between two pieces of a `run`, another may ask and change it.

    Files are at their places after `finish`; left with an exception, nothing is written.
    """

    def __init__(
        self,
        config: str | Path | Mapping[str, Any],
        *,
        folder: str | Path = ".",
        changed: Mapping[str, Any] | None = None,
        engine: str = "auto",
        threads: int | None = None,
        output_dir: str | Path | None = None,
        functions: Mapping[str, Mapping[str, Callable[..., Any]]] | None = None,
    ) -> None:
        if isinstance(config, Mapping):
            place, text = str(folder), as_json(config)
        else:
            place, text = str(config), None
            if not Path(config).exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
        values = [(key, as_json(value, key)) for key, value in (changed or {}).items()]
        called = Called(self, functions or {})
        out = None if output_dir is None else str(output_dir)
        # A call takes both, a piece of `run` the second alone: whoever waits comes between two.
        # They are reentrant for a signal handler that asks.
        self._waiting, self._turn = threading.RLock(), threading.RLock()
        self._run = SimulationRun(place, text, values, engine, threads, out, called)
        self._progress = self._run.progress()
        self._populated: set[str] = set()
        self.warnings: list[str] = self._run.warnings
        for warning in self.warnings:
            LOG.warning("%s", warning.removeprefix("warning: "))
        self.summary: dict[str, Any] | None = None
        self.table = ""

    @property
    def time(self) -> float:
        """How far it is, in ms."""
        return self._progress[0]

    @property
    def tstop(self) -> float:
        """Where it ends, in ms."""
        return self._progress[1]

    @property
    def dt(self) -> float:
        """The time step in ms."""
        return self._run.dt

    @property
    def spikes(self) -> int:
        """How many spikes there were until now."""
        return self._progress[2]

    @property
    def output_dir(self) -> Path:
        """The folder of the output."""
        return Path(self._run.output_dir)

    def publish(
        self,
        to: Targets,
        *,
        every: float = 1.0,
        policy: Policy = "drop",
        window: int = 4,
        description: Mapping[str, Any] | None = None,
        await_viewers: float = 0.0,
    ) -> None:
        """Lets Blenders draw it from now on, while it runs (docs/live.md).

        Args:
            to: addresses, or the launch info of a fleet whose instances have a socket `ACTIVITY`.
            every: how long an interval is, in ms.
            policy: "drop" (never wait for them) or "slow".
            window: how many intervals they may be behind where it is "slow".
            description: how it is shown, with the keys of a `network.json`.
            await_viewers: seconds until all are there, at most: after that it begins without.

        Raises:
            ValueError: there is no address, or something of this cannot be.
            FileNotFoundError: there is no such launch info.
        """
        targets = [os.fspath(one) for one in ([to] if isinstance(to, str | os.PathLike) else to)]
        text = None if description is None else as_json(description, "description")
        said = self._ask(lambda run: run.publish(targets, float(every), (policy, window), text))
        for line in said:
            LOG.warning("%s", line)
        until = time.monotonic() + await_viewers
        while not self._run.viewers_are_there() and time.monotonic() < until:
            time.sleep(0.05)
        if await_viewers and not self._run.viewers_are_there():
            LOG.warning("not all viewers are there after %g s", await_viewers)

    def _tell(self) -> None:
        for line in self._run.news():
            LOG.warning("%s", line)

    def run_until(self, time: float) -> None:
        """Simulates to a time in ms, which must lie on the grid of `dt`.

        Ctrl-C raises KeyboardInterrupt, between two steps, also while viewers are waited for.

        Raises:
            ValueError: It lies between two steps, has passed, or is NaN.
        """

        def to(run: SimulationRun) -> None:
            if math.isnan(time):
                raise ValueError("the time to simulate to is NaN: give one in ms")
            if time < self.time - self.dt / 1000:
                raise ValueError(
                    f"the simulation is at {self.time:.12g} ms already: it cannot run until "
                    f"{time:.12g} ms; make another one to begin again"
                )
            more = True
            while more:
                try:
                    more = run.advance_towards(time)
                finally:
                    self._progress = run.progress()
                    self._tell()

        self._ask(to)

    def run(self, *, progress: bool | None = None) -> None:
        """Simulates to the end. `progress` shows how far it is; by default on a terminal.

        Ctrl-C raises KeyboardInterrupt, between two steps: `finish` then writes what was simulated.
        """
        shown = _Progress(self, progress)
        try:
            while self._piece():
                shown.now()
        finally:
            shown.end()

    def _piece(self) -> bool:
        """Simulates a twentieth of a second or so; whether there is more."""
        with self._waiting:
            pass
        with self._turn:
            try:
                return self._run.advance()
            finally:
                self._progress = self._run.progress()
                self._tell()

    def _ask(self, question: Callable[[SimulationRun], Answer]) -> Answer:
        """Asks while no other thread does."""
        with self._waiting, self._turn:
            return question(self._run)

    def state(
        self, population: str, variable: str, ids: Ids | None = None
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A variable of cells as it is now: of these ids, else of all that are simulated.

        Raises:
            ValueError: There is no such population, cell or variable, or it has no simulated cell.
            TypeError: `ids` are none.
        """
        wanted = None if ids is None else ids_of(ids).tolist()

        def read(run: SimulationRun) -> Any:
            self._check(run, population)
            return run.state(population, wanted, variable)

        return np.asarray(self._ask(read))

    def set(self, population: str, name: str, values: Any, ids: Ids | None = None) -> None:
        """Sets a variable or a parameter of cells from now on: one value, or one for each cell.

        Raises:
            ValueError: As of `state`; a value is NaN, or the model refuses it.
            TypeError: `ids` are none.
        """
        wanted = None if ids is None else ids_of(ids).tolist()
        text = as_json(values, name)

        def change(run: SimulationRun) -> None:
            self._check(run, population)
            run.set(population, wanted, name, text)

        self._ask(change)

    def _check(self, run: SimulationRun, population: str) -> None:
        """That a population has cells with variables, which is told once for each."""
        if population in self._populated:
            return
        try:
            # Of no cell any variable can be asked for; all models have this one.
            values = np.asarray(run.state(population, None, "V_m"))
        except ValueError:
            return  # There is no such population, as whoever asked will hear.
        if not len(values):
            raise ValueError(
                f'"{population}" has no simulated cells, only virtual ones or none: they have no '
                "variables"
            )
        self._populated.add(population)

    def send(self, population: str, node_id: int, times: ArrayLike) -> None:
        """Gives a virtual cell more spikes, at times in ms that are still to come.

        Raises:
            ValueError: There is no such virtual cell; a time has passed, or is not before `tstop`.
            TypeError: `node_id` is none.
        """
        cell = id_of(node_id)
        stamps = np.asarray(times, np.float64).reshape(-1).tolist()
        for stamp in stamps:
            if stamp >= self.tstop:
                raise ValueError(
                    f"a spike at {stamp:.12g} ms cannot be sent: the simulation ends at "
                    f"{self.tstop:.12g} ms"
                )
        self._ask(lambda run: run.send(population, cell, stamps))

    def finish(self, plot: str | Path | None = None) -> dict[str, Any]:
        """Ends it, wherever it is, and writes all files; `plot` names a picture of it (PNG).

        What came of it: `time_ms`, `seconds`, `connections`, `populations` (with rates), `files`.
        """

        def end(run: SimulationRun) -> dict[str, Any]:
            if self.summary is None:
                text, self.table = run.finish(None if plot is None else str(plot))
                self.summary = json.loads(text)
            found: dict[str, Any] = self.summary
            return found

        return self._ask(end)

    def __enter__(self) -> "Simulation":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.summary is not None:
            return
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.finish()
        else:
            self._ask(lambda run: run.abandon())


class _Progress:
    """A line that says how far a simulation is."""

    def __init__(self, sim: Simulation, wanted: bool | None) -> None:
        self.sim = sim
        self.terminal = sys.stderr.isatty() if wanted is None else wanted
        self.began = self.said = time.monotonic()
        self.first = sim.time
        self.shown = False

    def now(self) -> None:
        now = time.monotonic()
        if now - self.said < (0.1 if self.terminal else EVERY):
            return
        self.said = now
        done = self.sim.time - self.first
        factor = done / 1000 / (now - self.began)
        words = (
            f"{self.sim.time:.0f} of {self.sim.tstop:.0f} ms, {self.sim.spikes} spikes, "
            f"{factor:.2f} x real time"
        )
        if self.terminal:
            print(f"\r\x1b[2K{words}", end="", file=sys.stderr, flush=True)
            self.shown = True
        else:
            LOG.info("%s", words)

    def end(self) -> None:
        if self.shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
