"""From what is declared of an activity to what plays: the function of the frame, and its look.

A declaration is what `show` is in a description: `{"as": "pulsar", "spike_duration": 5.0, …}`.
Owns the defaults that depend on a population, and which look goes with which kind. It must never
know where spikes come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import circuit
from .looks import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Spikes = tuple[NDArray[np.uint32], NDArray[np.float64]]

KINDS = ("pulsar", "flash", "decay", "indicator", "report", "rest")
OF_SPIKES = ("pulsar", "flash", "decay", "indicator")
DARK_AT_REST = ("granule_cell", "glomerulus")
"""Types that the BSB's pulsar does not show at rest: there are so many of them."""


@dataclass
class Colors:
    """A colour map and its range; what is None follows from the values."""

    map: str = "viridis"
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, said: Any) -> "Colors | None":
        """Of a map's name, or of a dict of `map`, `low` and `high`.

        Raises:
            ValueError: there is no such map; or `low` is not below `high`.
        """
        if said is None or isinstance(said, Colors):
            return said
        made = (
            cls(said)
            if isinstance(said, str)
            else cls(said.get("map") or "viridis", said.get("low"), said.get("high"))
        )
        circuit.color_map(made.map, 2)  # Says which there are, before anything keeps it.
        if made.low is not None and made.high is not None and not made.low < made.high:
            raise ValueError(f"colors: low ({made.low:g}) must be below high ({made.high:g})")
        return made


def declared(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """A declaration, checked.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"activity can be shown as {', '.join(KINDS)}, not {kind!r}")
    return {"as": kind, **settings}


def activity(
    said: Mapping[str, Any],
    name: str,
    cells: "int | NDArray[np.int64]",
    line: circuit.Timeline,
    spikes: "Spikes | None" = None,
    last: float | None = None,
) -> Any:
    """The activity of a population; None of cells at rest.

    Args:
        said: the declaration.
        name: the population.
        cells: how many it has, or their ids, by which reports name them.
        line: which time a frame shows.
        spikes: cells' indices and ms.
        last: of a pulsar, the frame where all populations that are shown together begin to fade.

    Raises:
        ValueError: the declaration cannot be.
    """
    kind = said["as"]
    given = {key: value for key, value in said.items() if key != "as" and value is not None}
    if kind == "rest":
        return None
    if kind == "report":
        path = given.pop("report")
        return circuit.Traces(path, name, line, cells=cells, **given)
    index, times = spikes if spikes is not None else (np.zeros(0, np.uint32), np.zeros(0))
    count = cells if isinstance(cells, int) else len(cells)
    found = circuit.SpikeIndex(count, index, times)
    if kind == "pulsar":
        given.setdefault("floor", 0.0 if name in DARK_AT_REST else 0.3)
        return circuit.Pulsar(found, line, last=last, **given)
    if kind == "flash":
        given.pop("rest", None)
        return circuit.Flash(found, line, **given)
    if kind == "decay":
        return circuit.Decay(found, line, **given)
    return circuit.Indicator(found, line, **given)


def look(said: Mapping[str, Any], shown: Any, colors: Colors | None) -> Look:
    """How an activity is seen: through a colour map where one is asked for."""
    kind = said["as"]
    if shown is None:
        return Look()
    low, high = (float(one) for one in shown.range)
    if colors is not None or kind == "report":
        colors = colors or Colors()
        low = low if colors.low is None else float(colors.low)
        high = high if colors.high is None else float(colors.high)
        return Look("map", low, high, map=colors.map)
    if kind == "pulsar":
        return Look("pulsar")
    if kind == "flash":
        rest = said.get("rest")
        return Look("flash", low=0.2 if rest is None else float(rest))
    return Look("glow", low, high)


def end(
    shown: Any, said: Mapping[str, Any], line: circuit.Timeline, spikes: "Spikes | None"
) -> float | None:
    """The last frame at which there is something to see; None where nothing says it."""
    if shown is None:
        return None
    kind = said["as"]
    if kind == "pulsar":
        return float(shown.frame_end)
    if kind == "report":
        return float(line.frame(float(shown.last_ms)))
    times = np.zeros(0) if spikes is None else spikes[1][np.isfinite(spikes[1])]
    if not len(times):
        return None
    return float(line.frame(float(times.max()) + _tail(shown, said, line)))


def _tail(shown: Any, said: Mapping[str, Any], line: circuit.Timeline) -> float:
    """How long the last spike is seen, ms; of what decays, until a fiftieth of it is left."""
    if said["as"] == "flash":
        return float(said.get("duration_ms") or line.ms_per_frame)
    said = {**shown.describe(), **{key: one for key, one in said.items() if one is not None}}
    if said["as"] == "decay":
        return 4.0 * float(said.get("tau_ms", 20.0))
    return float(said.get("rise_ms", 0.0)) + 4.0 * float(said.get("decay_ms", 0.0))


def measured(said: Mapping[str, Any], shown: Any) -> str:
    """What the values are of, for a scale of their colours."""
    kind, units = said["as"], getattr(shown, "units", None)
    if kind == "report":
        name = said.get("variable") or getattr(shown, "variable", None) or "value"
        return f"{name} ({units})" if units else str(name)
    return "ΔF/F" if kind == "indicator" else str(kind)


def notes(shown: Any) -> list[str]:
    """What is to be said of a report: cells that it does not have, and what it has besides."""
    if not isinstance(shown, circuit.Traces):
        return []
    told = []
    if shown.missing:
        told.append(f"{shown.missing} of {shown.n_cells} cells are not in the report")
    if shown.outside:
        told.append(f"the report has {shown.outside} nodes that are none of its cells")
    return told
