"""Writing what an activity shows at a frame into the attribute of an object's points.

In place where that can be (`in_place`), else by an array of ours and `foreach_set`. Owns when there
is nothing to write, since nothing has changed, and that a saved file has cells at rest. It must
never know which frame is shown, nor keep Blender's objects.
"""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ... import circuit
from . import in_place, points

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ATTRIBUTE = "activity"


class Activity(Protocol):
    """A function of the frame: those of `blendtorch.circuit`."""

    n_cells: int

    def fill(self, frame: float, out: "NDArray[np.float32]") -> int:
        """Writes each cell's value, and says how many are not at rest."""
        ...


class Writer:
    """An activity, and what the attribute of one object has of it."""

    def __init__(self, activity: Activity) -> None:
        """Nothing is written yet."""
        self.activity = activity
        self.count = activity.n_cells
        # Whether the object has what was written last.
        self._shown = False
        # The value of all cells, where the last frame was written in place and has all at rest.
        self._level: float | None = None
        self._array: NDArray[np.float32] | None = None
        # What was shown, while a file is saved.
        self._put_away: NDArray[np.float32] | None = None
        # The activity, where it can be written in place. It is tried here: a handler had better
        # make no meshes. One that reads a file never can: it would be asked in vain at each frame,
        # and the mesh be given an array for itself.
        self._ours: circuit.Activity | None = None
        if isinstance(activity, circuit.Activity) and not activity.reads and in_place.works():
            self._ours = activity

    def write(self, obj: Any, frame: float) -> int:
        """Writes a frame; how many cells are not at rest."""
        self._put_away = None
        found = self._in_place(obj, frame)
        return self._by_array(obj, frame) if found is None else found

    def put_away(self, obj: Any) -> None:
        """Cells are at rest, until `put_back`."""
        if self._put_away is None:
            self._put_away = points.get(obj, _ATTRIBUTE)
        points.put(obj, _ATTRIBUTE, np.full(self.count, self._rest(), np.float32))
        self._shown = False

    def put_back(self, obj: Any) -> None:
        """They show what they did."""
        if self._put_away is not None:
            points.put(obj, _ATTRIBUTE, self._put_away)
        self._put_away = None

    def _in_place(self, obj: Any, frame: float) -> int | None:
        """None where it cannot be."""
        activity = self._ours
        if activity is None:
            return None
        # Where nothing has changed there is nothing to evaluate anew.
        if self._shown and self._level is not None and activity.level(frame) == self._level:
            return 0
        mesh = obj.data
        memory = in_place.memory(mesh, _ATTRIBUTE, self.count)
        found = None if memory is None else activity.fill_now(frame, memory)
        if found is not None:
            mesh.update_tag()
            self._shown = True
            self._level = None if found else activity.rest(frame)
        return found

    def _by_array(self, obj: Any, frame: float) -> int:
        if self._array is None:
            self._array = np.zeros(self.count, np.float32)
        found = self.activity.fill(frame, self._array)
        if not (self._shown and getattr(self.activity, "still", False)):
            points.put(obj, _ATTRIBUTE, self._array)
            self._shown, self._level = True, None
        return found

    def _rest(self) -> float:
        rest = getattr(self.activity, "rest", None)
        return float(rest(0.0)) if callable(rest) else 0.0
