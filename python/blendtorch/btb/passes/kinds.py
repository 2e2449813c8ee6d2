"""What passes there are, and the small types that go between a capture and its caller.

It must never touch a scene.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

PASSES = (
    "frames",
    "composites",
    "depths",
    "normals",
    "flows",
    "segmentations",
    "materials",
    "diffuse",
    "specular",
    "points",
    "emission",
    "cryptomatte",
)
"""What a capture can be asked for."""

Ids = Mapping[str, Mapping[str, Any]]
"""`{"instances": {name: [id, category]}, "materials": {name: id}}`; 0 is nothing."""


class Lacks(ValueError):  # noqa: N818 (as the fleet's contract names it)
    """An engine has no such pass."""

    def __init__(self, name: str, engine: str, has: "tuple[str, ...]") -> None:
        super().__init__(f"{engine} has no pass {name!r}; it has {', '.join(has)}")
        self.name = name
        self.engine = engine
        self.has = has


@dataclass(frozen=True)
class Display:
    """How `frames` are to be for a display: what Blender itself would save."""

    color: Literal["BW", "RGB", "RGBA"] = "RGB"
    bits: Literal[8, 16] = 8


class Thing(NamedTuple):
    """An object, or an instance of one, that can be seen in a render."""

    name: str
    """The object's; of an instance `instancer/object`, with `#2`, `#3`… where there are more."""
    category_id: int | None
    """The custom property `category_id` of the object, if it is a whole number."""
    collection: str
    """The name of a collection that has it; of an instance, one that has the original."""


class Things(NamedTuple):
    """What can have an id, each by name, sorted."""

    objects: list[Thing]
    materials: list[str]

    def __bool__(self) -> bool:
        return bool(self.objects or self.materials)

    def plain(self) -> "dict[str, list[Any]]":
        """As lists and dicts: `{"objects": [{"name", "category_id", "collection"}],
        "materials": [names]}`."""
        return {
            "objects": [thing._asdict() for thing in self.objects],
            "materials": list(self.materials),
        }


@dataclass
class Frame:
    """What one render gave."""

    arrays: "dict[str, NDArray[Any]]"
    """By the names of sources; see docs/passes.md. They are written anew by the render after the
    next one."""
    about: "dict[str, Any]"
    """`camera` (dict), `view` (world to camera, 4 by 4 lists), `pose` (camera to world, its scale
    removed), `manifest` (`{"CryptoObject": {name: hash}}`, where asked for)."""
    unknown: Things = field(default_factory=lambda: Things([], []))
    """What is visible and has no id yet. If there is any, the arrays of ids are not to be used."""
    composite: str | None = None
    """The file that Blender wrote of the compositor's result, if one was asked for."""
