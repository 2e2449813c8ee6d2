"""The two programs that draw plots: discs that face the viewer, and flat surfaces.

Owns their sources, in the words of `GPUShaderCreateInfo`, which Blender 3.4 and 5 both take.
Colours are those of a screen: they are mixed as they come.
"""

from typing import Any

import gpu

LARGEST_POINT = 200.0
"""Pixels across up to which a disc is one point: software draws none above 255. Larger ones are
squares."""

# A disc of less than a pixel is as much weaker as it is smaller; its edge is a pixel wide.
_SIDES = """
void side_of(float diameter, inout vec4 color, out float side)
{
    float seen = max(diameter, 1.0);
    color.a *= min(diameter * diameter, 1.0);
    side = seen + 2.0;
}
"""
_POINT = (
    _SIDES
    + """
void main()
{
    gl_Position = view_projection * vec4(place, 1.0);
    float diameter = 2.0 * radius * pixels / gl_Position.w;
    disc_color = color;
    side_of(diameter, disc_color, disc_side);
    disc_at = vec2(0.0);
    gl_PointSize = disc_side;
    if (disc_color.a <= 0.0) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    }
}
"""
)
_SQUARE = (
    _SIDES
    + """
void main()
{
    gl_Position = view_projection * vec4(place, 1.0);
    float diameter = 2.0 * radius * pixels / gl_Position.w;
    disc_color = color;
    side_of(diameter, disc_color, disc_side);
    disc_at = corner * disc_side * 0.5;
    gl_Position.xy += corner * disc_side / viewport * gl_Position.w;
}
"""
)
_DISC = """
void main()
{
    vec2 at = AT;
    float covered = clamp((disc_side - 1.0) * 0.5 - length(at), 0.0, 1.0);
    if (covered <= 0.0) {
        discard;
    }
    out_color = vec4(disc_color.rgb, disc_color.a * covered);
}
"""
_SURFACE = """
void main()
{
    gl_Position = matrix * vec4(place, 1.0);
    surface_color = color;
}
"""
_FLAT = """
void main()
{
    out_color = surface_color;
}
"""


def points() -> Any:
    """Draws `place` (vec3), `radius` (float) and `color` (vec4) as points.

    `view_projection`, and `pixels`: how many a length of 1 has at w = 1.
    """
    return _discs("points", _POINT, "(gl_PointCoord - 0.5) * disc_side")


def squares() -> Any:
    """The same of squares: four vertices each, with `corner` (vec2) from −1 to 1; `viewport` is the
    picture's size in pixels."""
    return _discs("squares", _SQUARE, "disc_at", corner=True)


def surfaces() -> Any:
    """Draws `place` and `color` as triangles, by `matrix`."""
    info = gpu.types.GPUShaderCreateInfo()
    between = gpu.types.GPUStageInterfaceInfo("blendtorch_plot_surfaces")
    between.smooth("VEC4", "surface_color")
    info.push_constant("MAT4", "matrix")
    info.vertex_in(0, "VEC3", "place")
    info.vertex_in(1, "VEC4", "color")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "out_color")
    info.vertex_source(_SURFACE)
    info.fragment_source(_FLAT)
    return gpu.shader.create_from_info(info)


def _discs(name: str, vertex: str, at: str, corner: bool = False) -> Any:
    info = gpu.types.GPUShaderCreateInfo()
    between = gpu.types.GPUStageInterfaceInfo(f"blendtorch_plot_{name}")
    between.flat("VEC4", "disc_color")
    between.flat("FLOAT", "disc_side")
    between.smooth("VEC2", "disc_at")
    info.push_constant("MAT4", "view_projection")
    info.push_constant("VEC2", "viewport")
    info.push_constant("FLOAT", "pixels")
    info.vertex_in(0, "VEC3", "place")
    info.vertex_in(1, "FLOAT", "radius")
    info.vertex_in(2, "VEC4", "color")
    if corner:
        info.vertex_in(3, "VEC2", "corner")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "out_color")
    info.vertex_source(vertex)
    info.fragment_source(_DISC.replace("AT", at))
    return gpu.shader.create_from_info(info)
