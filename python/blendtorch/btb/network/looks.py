"""How activity becomes what is seen: light, brightness, or a colour of a map.

One description, `Look`, for the materials of Cycles and EEVEE and for the vertex colours of
Workbench, so that an engine is no other picture than it must be. Owns the formulas. It must never
know where values come from.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from .. import screen
from . import nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Way = Literal["plain", "pulsar", "flash", "glow", "map"]

STRENGTH = 12.0
"""Of the emission that the BSB's pulsar material has."""
REST = 0.08
"""The brightness of a cell that glows, at rest."""


@dataclass(frozen=True)
class Look:
    """What a value looks like.

    plain   the cell's colour, lit; the value is not seen
    pulsar  light of 12 times the colour, mixed into nothing by value⁴ · max_intensity / 2, as the
            BSB's material does; Workbench: colour times value
    flash   the colour, with alpha `low` at 0 and 1 at 1, as Cleo draws with 0.2; Workbench: as dark
    glow    the colour times 0.08 at `low` and 1 at `high`
    map     the colour that a map has between `low` and `high`
    """

    way: Way = "plain"
    low: float = 0.0
    high: float = 1.0
    map: str | None = None
    max_intensity: float = 1.0

    def plain(self) -> dict[str, Any]:
        """As a dict of JSON's values."""
        return asdict(self)


def shown(tree: Any, look: Look, color: Any, value: Any) -> Any:
    """The output of what Workbench shows of a cell, in a tree of geometry nodes."""
    if look.way == "plain":
        return color
    if look.way == "pulsar":
        return nodes.scaled(tree, color, nodes.math(tree, "MAXIMUM", value, 0.0))
    if look.way == "flash":
        return nodes.scaled(tree, color, _between(tree, look.low, value))
    if look.way == "glow":
        return nodes.scaled(tree, color, _between(tree, REST, _part(tree, look, value)))
    return nodes.ramp(tree, _part(tree, look, value), map_colors(look.map))


def surface(tree: Any, look: Look, color: Any, alpha: Any, value: Any) -> Any:
    """The output of what Cycles and EEVEE show of a cell, in a tree of shader nodes."""
    if look.way == "plain":
        node = tree.nodes.new("ShaderNodeBsdfPrincipled")
        nodes.put(tree, node.inputs["Base Color"], color)
        nodes.put(tree, node.inputs["Alpha"], alpha)
        return node.outputs[0]
    if look.way == "pulsar":
        light = _emission(tree, color, STRENGTH)
        fourth = nodes.math(tree, "POWER", value, 4.0)
        return _mixed(tree, nodes.math(tree, "MULTIPLY", fourth, look.max_intensity / 2), light)
    if look.way == "flash":
        seen = nodes.math(tree, "MULTIPLY", _between(tree, look.low, value), alpha)
        return _mixed(tree, seen, _emission(tree, color, 1.0))
    if look.way == "glow":
        bright = _between(tree, REST, _part(tree, look, value))
        return _mixed(tree, alpha, _emission(tree, color, bright))
    mapped = nodes.ramp(tree, _part(tree, look, value), map_colors(look.map))
    return _mixed(tree, alpha, _emission(tree, mapped, 1.0))


def map_colors(name: str | None) -> "NDArray[Any]":
    """A colour map, linear, n × 3.

    Raises:
        ValueError: there is no such map.
    """
    from ... import circuit

    colors: Callable[[str], Any] = circuit.color_map
    return screen.linear(colors(name or "viridis"))


def _part(tree: Any, look: Look, value: Any) -> Any:
    """0 at `low`, 1 at `high`, and nothing beyond."""
    span = look.high - look.low
    less = nodes.math(tree, "SUBTRACT", value, look.low)
    return nodes.math(tree, "DIVIDE", less, span if span else 1.0, clamp=True)


def _between(tree: Any, low: float, value: Any) -> Any:
    """`low` at 0, 1 at 1."""
    return nodes.math(tree, "ADD", nodes.math(tree, "MULTIPLY", value, 1.0 - low), low)


def _emission(tree: Any, color: Any, strength: Any) -> Any:
    node = tree.nodes.new("ShaderNodeEmission")
    nodes.put(tree, node.inputs["Color"], color)
    nodes.put(tree, node.inputs["Strength"], strength)
    return node.outputs[0]


def _mixed(tree: Any, part: Any, light: Any) -> Any:
    """So much of the light, and of what is behind the rest."""
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    node = tree.nodes.new("ShaderNodeMixShader")
    for into, value in zip(node.inputs, (part, clear.outputs[0], light), strict=True):
        nodes.put(tree, into, value)
    return node.outputs[0]
