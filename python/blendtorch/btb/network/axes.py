"""A box with grid and numbers around a network, as matplotlib draws it.

Owns which sides of the box are behind, and where numbers stand so that they are read from the
camera: those that would touch others are left out. It must never decide what lies in the box.
Nobody gets one without asking.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import legend, part_materials, parts, picture_plane, words_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Placed = tuple[str, str, NDArray[np.float64]]
    """A part, its words, and where they are."""

COLLECTION = "axes"
NAMES = ("x (µm)", "y (µm)", "z (µm)")
TICKS = 6
PANE = 0.06
"""How opaque sides are."""
WIDTH, HEIGHT = 0.5, 0.75
"""Of a letter, and of the part of it that is ink, in the height of text."""


def draw(
    scene: Any,
    root: Any,
    low: Sequence[float],
    high: Sequence[float],
    *,
    up: str = "z",
    color: Sequence[float] | None = None,
    names: Sequence[str] = NAMES,
    camera: Any = None,
) -> "Axes":
    """Draws the box from `low` to `high` (µm) into the collection `axes` of `root`, in place of the
    one before.

    Args:
        scene: whose ground says whether ink is dark.
        root: a collection of it.
        low: the least x, y, z.
        high: the largest, larger than those.
        up: `z`, or `-z` where z points down.
        color: of lines and numbers, sRGB.
        names: of the axes.
        camera: from where it is seen; by default the scene's.

    Raises:
        ValueError: the box has no volume, or there is no camera.
    """
    box = np.array([low, high], float).reshape(2, 3)
    if not (np.isfinite(box).all() and (box[1] > box[0]).all()):
        raise ValueError(f"no box from {list(low)} to {list(high)}")
    if up not in ("z", "-z"):
        raise ValueError(f"`up` is {up!r}: there are 'z' and '-z'")
    eye = camera or scene.camera
    if eye is None:
        raise ValueError("a box with numbers is drawn for a camera, and the scene has none")
    ink = color or (legend.BLACK if part_materials.is_light(scene) else legend.WHITE)
    return Axes(scene, parts.collection(root, COLLECTION), box, up == "z", ink, names, eye)


class Axes:
    """A box that is drawn; `update` turns it towards the camera."""

    def __init__(
        self,
        scene: Any,
        owner: Any,
        box: "NDArray[np.float64]",
        upright: bool,
        color: Sequence[float],
        names: Sequence[str],
        camera: Any,
    ) -> None:
        """As `draw` makes it."""
        self._scene, self._owner, self._box, self._upright = scene, owner, box, upright
        self._names, self._camera = tuple(names), picture_plane.settled(scene, camera)
        rgb = tuple(color[:3])
        self._line = part_materials.emission(owner, "axes lines", (*rgb, 0.45))
        self._pane = part_materials.emission(owner, "axes panes", (*rgb, PANE))
        self._ink = part_materials.emission(owner, "axes ink", (*rgb, 1.0))
        sizes = box[1] - box[0]
        most = np.maximum(np.rint(TICKS * sizes / sizes.max()), 2)
        self._ticks = [
            legend.round_ticks(box[0, axis], box[1, axis], most[axis]) for axis in range(3)
        ]
        self._seen: Any = None
        self.update(scene.frame_current)

    def update(self, frame: float) -> None:
        """Draws it anew if the camera, or the picture's shape, has changed."""
        matrix = np.array(self._camera.matrix_world)
        plane = picture_plane.frame_of(self._scene, self._camera)
        if self._seen is not None and plane == self._seen[1] and (matrix == self._seen[0]).all():
            return
        self._seen = (matrix, plane)
        forward, eye = -matrix[:3, 2], matrix[:3, 3]
        middle = self._box.mean(axis=0)
        towards = -forward if plane.orthographic else eye - middle
        # Of each pair of sides the one behind: 0 the lower, 1 the higher.
        behind = np.where(towards > 0, 0, 1)
        behind[2] = 0 if self._upright else 1
        self._draw_sides(behind)
        axes = [self._words(axis, behind, matrix, plane) for axis in range(3)]
        drawn = [name for name, _ in axes]
        there = [self._seen_word(*name, matrix, plane) for name, _ in axes]
        for _, numbers in axes:
            row = [self._seen_word(*one, matrix, plane) for one in numbers]
            stay = words_apart.evenly(row, there)
            there += [row[at] for at in stay]
            drawn += [numbers[at] for at in stay]
        for word in drawn:
            self._text(*word, plane)
        parts.keep(self._owner, ["axes panes", "axes lines", *(part for part, *_ in drawn)])

    def _draw_sides(self, behind: "NDArray[Any]") -> None:
        box, size = self._box, self._box[1] - self._box[0]
        half = size.max() * 0.0012
        panes, lines = [], []
        for normal in range(3):
            at = box[behind[normal], normal]
            one, other = (axis for axis in range(3) if axis != normal)
            corners = np.zeros((4, 3))
            corners[:, normal] = at
            corners[:, one] = box[[0, 1, 1, 0], one]
            corners[:, other] = box[[0, 0, 1, 1], other]
            panes.append(corners)
            for axis, across in ((one, other), (other, one)):
                for tick in (*box[:, axis], *self._ticks[axis]):
                    ends = np.zeros((2, 3))
                    ends[:, normal], ends[:, axis], ends[:, across] = at, tick, box[:, across]
                    lines.append(ends)
        faces = np.arange(3)[:, None, None] * 4 + np.array([(0, 1, 2), (0, 2, 3)])
        pane = parts.mesh(self._owner, "axes panes", np.concatenate(panes), faces, [self._pane])
        pane.color = self._pane.diffuse_color
        corners, faces = _bars(np.array(lines), half)
        line = parts.mesh(self._owner, "axes lines", corners, faces, [self._line])
        line.color = self._line.diffuse_color
        for obj in (pane, line):
            parts.seen_by_camera_only(obj)

    def _words(
        self, axis: int, behind: "NDArray[Any]", matrix: Any, plane: picture_plane.Frame
    ) -> "tuple[Placed, list[Placed]]":
        """The name of an axis, and its numbers."""
        box, size = self._box, self._box[1] - self._box[0]
        front = 1 - behind
        at = np.zeros(3)
        for other in range(3):
            at[other] = box[front[other], other]
        at[2] = box[behind[2], 2]
        if axis == 2:
            at[:2] = self._upright_edge(behind, matrix)
        # Away from the middle, within the plane of the other axes.
        away = at - box.mean(axis=0)
        away[axis] = 0
        if axis != 2:
            away[2] = 0
        away /= max(np.linalg.norm(away), 1e-9)
        words = legend.said_ticks(self._ticks[axis])
        middle = at.copy()
        middle[axis] = box[:, axis].mean()
        letter = self._letter(middle, plane)
        width = WIDTH * max(len(word) for word in words) * letter
        beside = max(0.07 * size.max(), _clear(away, matrix, width / 2, letter))
        beyond = _clear(away, matrix, (width + WIDTH * len(self._names[axis]) * letter) / 2, letter)
        name = middle + max(2.3 * beside, beside + 1.2 * beyond) * away
        away *= beside
        if axis == 2:  # Above its numbers: beside them there may be a legend.
            name = at + away
            top = int(matrix[2, 1] > 0) if self._upright else 0
            name[2] = box[top, 2] + (1.6 if top else -1.6) * letter
        numbers = []
        for number, (tick, word) in enumerate(zip(self._ticks[axis], words, strict=True)):
            place = at + away
            place[axis] = tick
            numbers.append((f"axes {axis} {number}", word, place))
        return (f"axes {axis} name", self._names[axis], name), numbers

    def _seen_word(
        self, _: str, body: str, place: Any, matrix: Any, plane: picture_plane.Frame
    ) -> words_apart.Word:
        """Where words are in the picture."""
        x, y, *_rest = np.linalg.inv(matrix) @ [*place, 1.0]
        length, height = plane.length_at(self._camera, place), plane.text_height
        return words_apart.Word(x * length, y * length, WIDTH * len(body) * height, HEIGHT * height)

    def _upright_edge(self, behind: "NDArray[Any]", matrix: Any) -> "NDArray[np.float64]":
        """Where the numbers of z stand: of the two edges at the sides the one on the right."""
        right = matrix[:3, 0]
        edges = []
        for one, other in ((behind[0], 1 - behind[1]), (1 - behind[0], behind[1])):
            edges.append(np.array([self._box[one, 0], self._box[other, 1]]))
        return max(edges, key=lambda edge: float(edge @ right[:2]))

    def _letter(self, place: Any, plane: picture_plane.Frame) -> float:
        """How high letters are that stand there, µm; 0 behind the camera."""
        length = plane.length_at(self._camera, place)
        return plane.text_height / length if length > 0 else 0.0

    def _text(self, part: str, body: str, place: Any, plane: picture_plane.Frame) -> None:
        obj = parts.text(self._owner, part, body, self._ink, ("CENTER", "CENTER"))
        size = self._letter(place, plane)
        obj.location, obj.scale = place, (size, size, size)
        # As the camera stands, so that it is read level.
        level = obj.constraints.get("level") or obj.constraints.new("COPY_ROTATION")
        level.name, level.target = "level", self._camera
        parts.seen_by_camera_only(obj)


def _clear(away: Any, matrix: Any, across: float, along: float) -> float:
    """How far words go along `away` until they have left in the picture what is `across` wide and
    `along` high."""
    right, up = (abs(float(away @ matrix[:3, axis])) for axis in (0, 1))
    return min(across / max(right, 0.1), along / max(up, 0.1))


def _bars(ends: "NDArray[Any]", half: float) -> "tuple[NDArray[Any], NDArray[Any]]":
    """Boxes (8 corners each) along lines (n, 2, 3) that are parallel to an axis."""
    low, high = ends.min(axis=1) - half, ends.max(axis=1) + half
    corners = np.stack(
        [
            np.where([[x, y, z]], high, low)
            for x in (False, True)
            for y in (False, True)
            for z in (False, True)
        ],
        axis=1,
    )
    quads = np.array(
        [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    )
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    return corners.reshape(-1, 3), np.arange(len(ends))[:, None, None] * 8 + triangles
