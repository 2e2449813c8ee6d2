"""What a picture of a network says about itself: colours, names, the time, a length.

Owns where it stands in the picture, and that it is readable in small ones: its objects hang on the
camera and are laid out anew where the picture's shape or the lens has changed. In Cycles its light
is added to what is behind, and ids and depth are of that. It must never be met by them: on a light
ground, and in other engines, `hide` it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import part_materials, parts, picture_plane
from .picture_plane import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLLECTION = "legend"
BAR_STEPS = 64
WHITE = (0.92, 0.92, 0.92, 1.0)
BLACK = (0.08, 0.08, 0.08, 1.0)


@dataclass(frozen=True)
class ColorBar:
    """A colour map with the values of its ends."""

    colors: "NDArray[np.float32]"
    """(n, 3) or (n, 4) sRGB, the lowest first."""
    low: float
    high: float
    label: str = ""
    """Of what it is and in which unit: "V_m (mV)"."""


@dataclass(frozen=True)
class Says:
    """What a legend has."""

    bar: ColorBar | None = None
    populations: Sequence[tuple[str, Sequence[float]]] = ()
    """Names and sRGB colours."""
    time: bool = True
    scale: bool = True
    """A bar of a round length in µm, as long as it is in the plane of `target`."""
    target: Sequence[float] = (0.0, 0.0, 0.0)
    """A point at whose distance lengths are meant: the network's middle."""
    extra: Mapping[str, str] = field(default_factory=dict)


def draw(
    scene: Any, root: Any, says: Says, timeline: Any = None, *, camera: Any = None
) -> "Legend":
    """Draws a legend into the collection `legend` of `root`, in place of the one before.

    It hangs on `camera`, by default the scene's; ValueError where there is none. With depth of
    field it is blurred.
    """
    eye = camera or scene.camera
    if eye is None:
        raise ValueError("a legend hangs on a camera, and the scene has none")
    return Legend(scene, parts.collection(root, COLLECTION), says, timeline, eye)


def hide(root: Any, hidden: bool = True) -> None:
    """Leaves the legend of `root` out of pictures, or shows it again."""
    for child in root.children:
        if child.get(parts.PART) == COLLECTION:
            child.hide_render = child.hide_viewport = hidden


class Legend:
    """A legend that is drawn; `update` says the time of a frame."""

    def __init__(self, scene: Any, owner: Any, says: Says, timeline: Any, camera: Any) -> None:
        """As `draw` makes it."""
        self._scene, self._owner, self._says = scene, owner, says
        self._timeline, self._camera = timeline, picture_plane.settled(scene, camera)
        self._on_light = part_materials.is_light(scene)
        self._ink = self._inked("ink", BLACK if self._on_light else WHITE)
        self._made: list[str] = []
        self._frame: Frame | None = None
        self._layout()
        self.update(scene.frame_current)

    def update(self, frame: float) -> None:
        """Says the time, and lays everything out anew if the picture's shape has changed."""
        self._layout()
        if self._says.time:
            ms = frame if self._timeline is None else self._timeline.ms(frame)
            clock = parts.find(self._owner, "legend time")
            if clock is not None:
                parts.say(clock, said_time(ms))

    def _layout(self) -> None:
        frame = picture_plane.frame_of(self._scene, self._camera)
        if frame == self._frame:
            return
        self._frame, self._made = frame, []
        self._height = frame.text_height
        self._names()
        if self._says.bar is not None:
            self._bar(self._says.bar)
        if self._says.time:
            x, y = frame.corner(0, 1)
            self._text("time", said_time(0.0), x, y, ("LEFT", "TOP"))
        if self._says.scale:
            self._scale()
        parts.keep(self._owner, self._made)

    def _names(self) -> None:
        assert self._frame is not None
        x, y = self._frame.corner(0, 1)
        y -= self._height * (1.6 if self._says.time else 0)
        for number, (name, color) in enumerate(self._says.populations):
            top = y - number * 1.35 * self._height
            side = 0.7 * self._height
            ink = self._inked(f"color {number}", color)
            low = top - 0.85 * self._height
            self._mesh(f"swatch {number}", _box(x, low, x + side, low + side), ink)
            self._text(f"name {number}", name, x + 1.5 * side, top, ("LEFT", "TOP"))

    def _bar(self, bar: ColorBar) -> None:
        assert self._frame is not None
        frame = self._frame
        h = self._height
        right, _ = frame.corner(1, 0)
        ticks = round_ticks(bar.low, bar.high, 4)
        words = said_ticks(ticks)
        wide = max((len(word) for word in words), default=1) * 0.62 * h
        left = right - wide - 0.5 * h - 0.8 * h
        low, high = -0.3 * frame.height, 0.3 * frame.height
        at = np.linspace(low, high, BAR_STEPS + 1)
        corners = np.column_stack([np.tile([left, left + 0.8 * h], BAR_STEPS + 1), at.repeat(2)])
        n = 2 * np.arange(BAR_STEPS)[:, None]
        faces = np.vstack([n + np.array(corner) for corner in ((0, 1, 3), (0, 3, 2))])
        rows = np.linspace(0, len(bar.colors) - 1, BAR_STEPS + 1).round().astype(int)
        light = part_materials.lights(np.asarray(bar.colors)[rows])
        obj = self._mesh("bar", (corners, faces), self._inked("bar", None))
        parts.attribute(obj.data, "legend_color", "FLOAT_COLOR", light.repeat(2, axis=0))
        parts.show_colors(obj.data, "legend_color")
        span = bar.high - bar.low
        marks = []
        for number, (tick, word) in enumerate(zip(ticks, words, strict=True)):
            y = low + (high - low) * ((tick - bar.low) / span if span else 0.5)
            marks.append(_box(left + 0.8 * h, y - 0.04 * h, left + 1.05 * h, y + 0.04 * h))
            self._text(f"tick {number}", word, left + 1.25 * h, y, ("LEFT", "CENTER"))
        if marks:
            self._mesh("bar ticks", _joined(marks), self._ink)
        if bar.label:
            self._text("bar label", bar.label, right, high + 0.6 * h, ("RIGHT", "BOTTOM"))

    def _scale(self) -> None:
        assert self._frame is not None
        frame, h = self._frame, self._height
        per_um = frame.length_at(self._camera, self._says.target)
        if not per_um > 0 or not np.isfinite(0.25 * frame.width / per_um):
            return
        um = round_length(0.25 * frame.width / per_um)
        x, y = frame.corner(0, 0)
        length = um * per_um
        self._mesh("scale bar", _box(x, y, x + length, y + 0.16 * h), self._ink)
        self._text("scale", said_length(um), x + length / 2, y + 0.4 * h, ("CENTER", "BOTTOM"))

    def _inked(self, part: str, color: Any) -> Any:
        return part_materials.see_through(self._owner, f"legend {part}", color, self._on_light)

    def _mesh(self, part: str, shape: Any, ink: Any) -> Any:
        corners, faces = shape
        assert self._frame is not None
        xyz = np.column_stack([corners, np.zeros(len(corners))])
        obj = parts.mesh(self._owner, f"legend {part}", xyz, faces, [ink])
        obj.color = ink.diffuse_color
        self._hang(obj, 0.0, 0.0, 1.0)
        return obj

    def _text(self, part: str, body: str, x: float, y: float, align: tuple[str, str]) -> None:
        obj = parts.text(self._owner, f"legend {part}", body, self._ink, align)
        self._hang(obj, x, y, self._height)

    def _hang(self, obj: Any, x: float, y: float, size: float) -> None:
        assert self._frame is not None
        self._made.append(obj[parts.PART])
        obj.parent = self._camera
        obj.location = (x, y, -self._frame.distance)
        obj.scale = (size, size, size)
        parts.seen_by_camera_only(obj)


def said_time(ms: float) -> str:
    """A time, as a legend says it."""
    return f"t = {ms:.1f} ms"


def said_length(um: float) -> str:
    """A length in µm or, from 1000 on, in mm."""
    return f"{um / 1000:g} mm" if um >= 1000 else f"{um:g} µm"


def round_length(um: float) -> float:
    """The largest of 1, 2, 5 · 10ⁿ that is not longer."""
    power = 10.0 ** np.floor(np.log10(um))
    return float(max(step for step in (1, 2, 5) if step * power <= um * (1 + 1e-9)) * power)


def round_ticks(low: float, high: float, most: float) -> "list[float]":
    """Round values from `low` to `high`, at most so many steps apart."""
    if not (np.isfinite(low) and np.isfinite(high)) or high < low:
        raise ValueError(f"no colour bar from {low} to {high}")
    if high == low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(one for one in (1, 2, 2.5, 5, 10) if one * power >= raw * (1 - 1e-9)) * power
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [float(n * step) for n in np.arange(first, last + 1)]


def said_ticks(ticks: Sequence[float]) -> list[str]:
    """The words of ticks: all with as many digits as tell them apart, and a true minus."""
    step = min(np.diff(ticks), default=1.0)
    if any(abs(one) >= 1e5 for one in ticks) or step < 1e-4:
        return [f"{one + 0.0:g}".replace("-", "\N{MINUS SIGN}") for one in ticks]
    digits = next((d for d in range(5) if abs(round(step, d) - step) < 1e-6 * step), 4)
    return [f"{one + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}") for one in ticks]


def _box(x0: float, y0: float, x1: float, y1: float) -> "tuple[NDArray[Any], NDArray[Any]]":
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    return corners, np.array([(0, 1, 2), (0, 2, 3)])


def _joined(boxes: Sequence[Any]) -> "tuple[NDArray[Any], NDArray[Any]]":
    corners = np.concatenate([one for one, _ in boxes])
    return corners, np.concatenate([faces + 4 * n for n, (_, faces) in enumerate(boxes)])
