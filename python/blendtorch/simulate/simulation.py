"""A simulation: run, in pieces if that is wanted, asked and changed between them.

Owns what Python adds to a run: progress for people, Ctrl-C, functions that need pandas.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from .._blendtorch import SimulationRun
from .called import Called

LOG = logging.getLogger("blendtorch.simulate")
# Without a terminal a line comes so often, in seconds.
EVERY = 10.0


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
    at once; what is only odd is logged (logger "blendtorch.simulate") and in `warnings`.
    `functions` has the functions that the network names, by kind and name, besides the registered
    ones.

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
        at_hand = isinstance(config, Mapping)
        text = json.dumps(config) if at_hand else None
        place = str(folder) if at_hand else str(config)
        values = [(key, json.dumps(_plain(value))) for key, value in (changed or {}).items()]
        called = Called(self, functions or {})
        out = None if output_dir is None else str(output_dir)
        self._run = SimulationRun(place, text, values, engine, threads, out, called)
        self.warnings: list[str] = self._run.warnings
        for warning in self.warnings:
            LOG.warning("%s", warning.removeprefix("warning: "))
        self.summary: dict[str, Any] | None = None
        self.table = ""

    @property
    def time(self) -> float:
        """How far it is, in ms."""
        return self._run.progress()[0]

    @property
    def tstop(self) -> float:
        """Where it ends, in ms."""
        return self._run.progress()[1]

    @property
    def dt(self) -> float:
        """The time step in ms."""
        return self._run.dt

    @property
    def spikes(self) -> int:
        """How many spikes there were until now."""
        return self._run.progress()[2]

    @property
    def output_dir(self) -> Path:
        """The folder of the output."""
        return Path(self._run.output_dir)

    def run_until(self, time: float) -> None:
        """Simulates to a time in ms, which must lie on the grid of `dt`."""
        self._run.advance_to(time)

    def run(self, *, progress: bool | None = None) -> None:
        """Simulates to the end. `progress` shows how far it is; by default on a terminal.

        Ctrl-C raises KeyboardInterrupt, between two steps: `finish` then writes what was simulated.
        """
        shown = _Progress(self, progress)
        try:
            while self._run.advance():
                shown.now()
        finally:
            shown.end()

    def state(
        self, population: str, variable: str, ids: Sequence[int] | None = None
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A variable of cells as it is now: of these ids, else of all that are simulated."""
        wanted = None if ids is None else [int(one) for one in ids]
        return np.asarray(self._run.state(population, wanted, variable))

    def set(
        self, population: str, name: str, values: Any, ids: Sequence[int] | None = None
    ) -> None:
        """Sets a variable or a parameter of cells from now on: one value, or one for each cell."""
        wanted = None if ids is None else [int(one) for one in ids]
        self._run.set(population, wanted, name, json.dumps(_plain(values)))

    def send(self, population: str, node_id: int, times: Sequence[float]) -> None:
        """Gives a virtual cell more spikes, at times in ms that are still to come."""
        self._run.send(population, int(node_id), [float(one) for one in times])

    def finish(self, plot: str | Path | None = None) -> dict[str, Any]:
        """Ends it, wherever it is, and writes all files; `plot` names a picture of it (PNG).

        What came of it: `time_ms`, `seconds`, `connections`, `populations` (with rates), `files`.
        """
        if self.summary is None:
            text, self.table = self._run.finish(None if plot is None else str(plot))
            self.summary = json.loads(text)
        return self.summary

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
            self._run.abandon()


def _plain(value: Any) -> Any:
    """numpy's numbers and arrays as Python's."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


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
