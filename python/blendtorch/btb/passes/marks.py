"""Marks objects and materials with numbers that Cycles renders, by their pass index.

A user may use pass indices too: in shaders, drivers and animations. Owns the question whether that
is so, and that all are as they were afterwards.
"""

from typing import Any

import bpy

from .. import alive, runtime
from .ids import Names

LARGEST = 32767
"""A pass index has 15 bits."""


class PassIndex:
    """The pass indices of objects, or of materials, as long as they are ours.

    All that marks the same things does so by the same numbers: `shared`.
    """

    def __init__(self) -> None:
        """Marks nothing yet."""
        self.names = Names()
        self.users = 0
        self._loads = alive.loads()
        self._theirs: dict[int, tuple[Any, int]] = {}

    @property
    def outlived(self) -> bool:
        """Whether another file was loaded since."""
        return self._loads != alive.loads()

    def mark(self, owners: "list[Any]") -> None:
        """Marks those that are not marked.

        Raises:
            RuntimeError: there are more than a pass index can tell apart.
        """
        for owner in owners:
            number = self.names.number(owner.name_full)
            now = owner.pass_index
            if now == number:
                continue
            if number > LARGEST:
                raise RuntimeError(f"more than {LARGEST} objects or materials: too many for ids")
            if number not in self._theirs:
                # A copy of what is marked already has had what that had.
                self._theirs[number] = (owner, self._theirs.get(now, (None, now))[1])
            owner.pass_index = number

    def release(self) -> None:
        """One user less; after the last one all have their own again."""
        self.users -= 1
        if self.users > 0 or self.outlived:
            return
        for owner, value in self._theirs.values():
            if not alive.is_gone(owner) and owner.pass_index != value:
                owner.pass_index = value
        self._theirs.clear()


_shared: dict[str, PassIndex] = {}


def shared(kind: str) -> PassIndex:
    """The marks of a kind of things, for one user more."""
    found = _shared.get(kind)
    if found is None or found.outlived or found.users <= 0:
        found = _shared[kind] = PassIndex()
    found.users += 1
    return found


def used_by() -> str | None:
    """What of the file uses pass indices, or None: then they cannot be ours."""
    for tree, owner in _trees():
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeObjectInfo" and any(
                output.is_linked for output in node.outputs if output.name.endswith(" Index")
            ):
                return f"the node {node.name!r} of {owner!r}"
    for kind in (bpy.data.objects, bpy.data.materials, bpy.data.scenes, bpy.data.worlds):
        for owner in kind:
            for driver in getattr(owner.animation_data, "drivers", ()):
                if _asks(driver):
                    return f"a driver of {owner.name!r}"
    for action in bpy.data.actions:
        curves = (curve for _, curve in runtime.slotted(action))
        if any(curve.data_path.endswith("pass_index") for curve in curves):
            return f"the animation {action.name!r}"
    return None


def used_by_compositor(scene: Any) -> str | None:
    """The node of a scene's compositor that uses pass indices, or None."""
    tree = runtime.compositor_tree(scene)
    for node in tree.nodes if tree is not None else ():
        if node.bl_idname == "CompositorNodeIDMask" and not node.mute:
            return f"the compositor's node {node.name!r}"
    return None


def _asks(driver: Any) -> bool:
    targets = (target for one in driver.driver.variables for target in one.targets)
    return driver.data_path.endswith("pass_index") or any(
        target.data_path.endswith("pass_index") for target in targets
    )


def _trees() -> "list[tuple[Any, str]]":
    groups = [(group, group.name) for group in bpy.data.node_groups]
    owners = [*bpy.data.materials, *bpy.data.worlds, *bpy.data.lights]
    return groups + [(owner.node_tree, owner.name) for owner in owners if owner.node_tree]
