"""How a network is plotted: the arguments of Cleo's `plot`, and those of a figure.

Owns their names, their defaults and what each is in Blender. It reads colours and defaults of
matplotlib where that is there, and knows no simulation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIGURE = (6.4, 4.8)
"""Of a figure whose size is not said, in inches."""
DPI = 100.0
MARKER = 36.0
"""The area of a marker in pt² where nothing says it."""
COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f")
ELEVATION, AZIMUTH = 30.0, -60.0
_AXES = 0.39
"""The part of a figure's width that the longest side has, about, from the usual angle: of the
tutorial's figure 247 of 640 pixels."""
_KNOWN = (
    "xlim", "ylim", "zlim", "colors", "axis_scale_unit", "devices", "invert_z", "scatterargs",
)  # fmt: skip
_IN_FIGURE = ("figsize", "dpi", "facecolor")

Color = tuple[float, float, float, float]
Limits = tuple[float, float]


@dataclass
class Plot:
    """How it is plotted."""

    limits: "list[Limits | None]" = field(default_factory=lambda: [None, None, None])
    """Of x, y and z, in µm: cells outside are not drawn."""
    colors: list[Color] | None = None
    """One a group."""
    invert_z: bool = True
    """z grows downwards."""
    marker: float = MARKER
    """Area of a cell's marker, pt²."""
    size: tuple[int, int] = (640, 480)
    """Of a picture, in pixels."""
    dpi: float = DPI
    background: Color = (1.0, 1.0, 1.0, 1.0)
    elevation: float = ELEVATION
    azimuth: float = AZIMUTH
    """As matplotlib has it. Where z grows downwards Cleo flips the picture's z, so that it is a
    mirror's; ours is no mirror's, and seen from where x runs as in Cleo's."""

    @property
    def axes(self) -> "bool | dict[str, list[float]]":
        """The box around the cells, as `network.json` has it: with the limits that are given."""
        given = zip("xyz", self.limits, strict=True)
        return {name: list(limits) for name, limits in given if limits is not None} or True

    @property
    def seen_from(self) -> float:
        """The azimuth of our camera, degrees."""
        return -self.azimuth if self.invert_z else self.azimuth

    def color(self, group: int) -> Color:
        """A group's."""
        if self.colors is not None:
            return self.colors[group]
        cycle = _cycle()
        return color(cycle[group % len(cycle)])

    def radius(self, span: float) -> float:
        """A cell's, µm, where the longest side of what is seen is `span` µm long: what a marker
        has on paper."""
        pixels = self.size[0] * _AXES
        points = pixels * 72.0 / self.dpi
        return math.sqrt(max(self.marker, 0.0)) / 2.0 * span / points


def plot_of(plotargs: Mapping[str, Any], figargs: Mapping[str, Any], groups: int) -> Plot:
    """What the arguments of `generate_Animation` say.

    Raises:
        TypeError: an argument that `plot` does not have.
        ValueError: one that cannot be.
    """
    for name in plotargs:
        if name not in _KNOWN:
            raise TypeError(f"plotargs has {name!r}; known are {', '.join(_KNOWN)}")
    scale = _micrometres(plotargs.get("axis_scale_unit"))
    plot = Plot(background=color(figargs.get("facecolor") or _default("figure.facecolor", "white")))
    plot.limits = [_limits(name, plotargs.get(name), scale) for name in ("xlim", "ylim", "zlim")]
    if (colors := plotargs.get("colors")) is not None:
        colors = list(colors)
        if len(colors) != groups:
            raise ValueError(f"{len(colors)} colors for {groups} groups of neurons")
        plot.colors = [color(one) for one in colors]
    plot.invert_z = bool(plotargs.get("invert_z", True))
    scatter = dict(plotargs.get("scatterargs") or {})
    marker = scatter.get("s")
    plot.marker = float(_default("lines.markersize", 6.0)) ** 2 if marker is None else float(marker)
    plot.dpi = float(figargs.get("dpi") or _default("figure.dpi", DPI))
    inches = figargs.get("figsize") or _default("figure.figsize", FIGURE)
    plot.size = _size(inches, plot.dpi)
    return plot


def unknown_of_figure(figargs: Mapping[str, Any]) -> list[str]:
    """Arguments of a figure that have no meaning here."""
    return [name for name in figargs if name not in _IN_FIGURE]


def color(given: Any) -> Color:
    """A colour as matplotlib writes it, as red, green, blue and opacity from 0 to 1.

    Raises:
        ValueError: it is none.
    """
    try:
        from matplotlib.colors import to_rgba
    except ImportError:
        return _plain_color(given)
    red, green, blue, alpha = to_rgba(given)
    return float(red), float(green), float(blue), float(alpha)


def _plain_color(given: Any) -> Color:
    """The same of numbers and of "#rrggbb", without matplotlib."""
    names = {"white": "#ffffff", "black": "#000000"}
    if isinstance(given, str):
        text = names.get(given, given)
        digits = text.removeprefix("#")
        if len(digits) in (6, 8) and text.startswith("#"):
            parts = [int(digits[at : at + 2], 16) / 255 for at in range(0, len(digits), 2)]
            return _four(parts)
        raise ValueError(f"{given!r} is no #rrggbb, and names of colours need matplotlib")
    return _four([float(one) for one in given])


def _four(parts: Sequence[float]) -> Color:
    if len(parts) not in (3, 4):
        raise ValueError(f"a colour has 3 or 4 parts, not {len(parts)}")
    red, green, blue, alpha = (*parts, 1.0)[:4]
    return red, green, blue, alpha


def _cycle() -> list[Any]:
    cycle = _default("axes.prop_cycle", None)
    return list(COLORS) if cycle is None else list(cycle.by_key().get("color", COLORS))


def _default(name: str, other: Any) -> Any:
    """A default of matplotlib's, as `style_plots_for_docs` sets them."""
    try:
        from matplotlib import rcParams
    except ImportError:
        return other
    return rcParams[name]


def _size(inches: Any, dpi: float) -> tuple[int, int]:
    """In pixels; even, since videos in H.264 are."""
    width, height = (max(round(float(one) * dpi / 2) * 2, 4) for one in inches)
    return width, height


def _limits(name: str, given: Any, scale: float) -> Limits | None:
    if given is None:
        return None
    low, high = (float(one) * scale for one in given)
    if not low < high:
        raise ValueError(f"{name} is from {low} to {high} µm: the first must be the smaller one")
    return low, high


def _micrometres(unit: Any) -> float:
    """How many µm a unit of Brian2's has; limits are in it."""
    return 1.0 if unit is None else float(unit) * 1e6
