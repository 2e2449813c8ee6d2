"""The program that draws solid surfaces in Workbench's light, or as they are.

The light is that of Blender's studio lights: four lamps, each with a wrapped diffuse part and a
normalised Blinn-Phong highlight, which lamps with a wide wrap blend into a reflection of the
surroundings; a highlight grows at grazing angles. Found out by drawing spheres with known lamps
(bpy 4.5.15, 5.0.1 and Blender 3.4.1 have the same), as are the steps in which Workbench keeps
roughness, metalness and normals, and that it divides by a quick reciprocal which is up to 7 % off.
"""

from typing import Any, Literal

import gpu

ROUGHNESS_STEPS, METALNESS_STEPS = 31, 7
"""Workbench keeps both in one byte."""

_STRUCT = """
struct BlendtorchSolid {
    mat4 view;
    mat4 projection;
    vec4 towards[4];
    vec4 diffuse[4];
    vec4 highlight[4];
    vec4 ambient;
};
"""
# Workbench gets a normal in three times ten bits, one of each the sign.
_VERTEX = """
void main()
{
    vec4 seen = solid.view * (model * vec4(place, 1.0));
    gl_Position = solid.projection * seen;
    seen_at = seen.xyz;
    seen_normal = normalize(turn * STEPS);
}
"""
# solid.towards[0].w: see runtime.matcap_towards.
_LIGHT = """
vec4 wrapped(vec4 facing, vec4 wrap)
{
    vec4 around = wrap + 1.0;
    vec4 part = intBitsToFloat(0x7eef370b - floatBitsToInt(around * around));
    return clamp((facing + wrap) * part, 0.0, 1.0);
}

vec3 kept(vec3 normal)
{
    vec2 flat_normal = clamp(normal.xy / sqrt(8.0 * normal.z + 8.0) + 0.5, 0.0, 1.0);
    flat_normal = uintBitsToFloat(floatBitsToUint(flat_normal) & uvec2(0xFFFFE000u)) * 4.0 - 2.0;
    float far = dot(flat_normal, flat_normal);
    return vec3(flat_normal * sqrt(1.0 - far * 0.25), 1.0 - far * 0.5);
}

void main()
{
    vec3 base = surface.rgb;
    vec3 normal = kept(normalize(gl_FrontFacing ? seen_normal : -seen_normal));
    vec4 wrap = vec4(solid.diffuse[0].w, solid.diffuse[1].w, solid.diffuse[2].w,
                     solid.diffuse[3].w);
    vec4 facing;
    for (int i = 0; i < 4; i++) {
        facing[i] = dot(solid.towards[i].xyz, normal);
    }
    vec3 matte = base, shine = vec3(0.0);
    vec3 lit = solid.ambient.rgb, gloss = solid.ambient.rgb;
    HIGHLIGHTS
    vec4 soft = wrapped(facing, wrap);
    for (int i = 0; i < 4; i++) {
        lit += soft[i] * solid.diffuse[i].rgb;
    }
    out_color = vec4(lit * matte * (1.0 - dot(shine, vec3(0.33333))) + gloss * shine, 1.0);
}
"""
_HIGHLIGHTS = """
    float levels = floor(surface.w / 32.0);
    float roughness = (surface.w - 32.0 * levels) / 31.0, metal = levels / 7.0;
    vec3 viewer = vec3(0.0, 0.0, 1.0);
    if (solid.projection[3][3] == 0.0) {
        viewer = normalize(vec3(seen_at.xy / seen_at.z, solid.towards[0].w));
    }
    vec3 mirrored = -reflect(viewer, normal);
    vec4 angle, around;
    for (int i = 0; i < 4; i++) {
        vec3 towards = solid.towards[i].xyz;
        around[i] = dot(towards, mirrored);
        angle[i] = clamp(dot(normalize(towards + viewer), normal), 0.0, 1.0);
    }
    vec4 sharpness = exp2(10.0 * (1.0 - roughness) * (1.0 - wrap) + 1.0);
    vec4 spot = pow(angle, sharpness) * clamp(facing, 0.0, 1.0) * (sharpness * 0.125 + 1.0);
    vec4 surroundings = wrapped(around, mix(wrap, vec4(1.0), roughness));
    spot = mix(spot, surroundings, wrap * wrap);
    for (int i = 0; i < 4; i++) {
        gloss += spot[i] * solid.highlight[i].rgb;
    }
    matte = base * (1.0 - metal);
    shine = mix(vec3(0.05), base, metal);
    float grazing = exp2(-8.35 * clamp(dot(normal, viewer), 0.0, 1.0)) * (1.0 - roughness);
    shine = mix(shine, vec3(1.0), grazing);
"""
_NORMAL = """
void main()
{
    out_color = vec4(normalize(gl_FrontFacing ? seen_normal : -seen_normal), 1.0);
}
"""
_FLAT = """
void main()
{
    out_color = vec4(surface.rgb, 1.0);
}
"""
# A program each: without a GPU what a branch leaves out is calculated all the same.
_FRAGMENTS = {
    "normals": _NORMAL,
    "flat": _FLAT,
    "soft": _LIGHT.replace("HIGHLIGHTS", ""),
    "shining": _LIGHT.replace("HIGHLIGHTS", _HIGHLIGHTS),
}
Kind = Literal["normals", "flat", "soft", "shining"]
"""Normals of the camera's space, colours as they are, light, and light with highlights."""

_GROUND_VERTEX = """
void main()
{
    gl_Position = vec4(corner, 0.0, 1.0);
}
"""
_GROUND = """
void main()
{
    out_color = texelFetch(ground, ivec2(gl_FragCoord.xy), 0);
}
"""


def surfaces(kind: Kind) -> Any:
    """Draws `place` and `normal` (vec3 each) as triangles.

    By `model` and `turn` (normals to the view), in the colour `surface`, whose fourth part is
    32 · metalness + roughness in their steps; `solid` is what `light.block` gives.
    """
    info = gpu.types.GPUShaderCreateInfo()
    info.typedef_source(_STRUCT)
    between = gpu.types.GPUStageInterfaceInfo(f"blendtorch_solid_{kind}")
    between.smooth("VEC3", "seen_at")
    between.smooth("VEC3", "seen_normal")
    # 128 bytes, which is what there is room for everywhere.
    info.push_constant("MAT4", "model")
    info.push_constant("MAT3", "turn")
    info.push_constant("VEC4", "surface")
    info.uniform_buf(0, "BlendtorchSolid", "solid")
    info.vertex_in(0, "VEC3", "place")
    info.vertex_in(1, "VEC3", "normal")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "out_color")
    lit = kind in ("soft", "shining")
    steps = "(trunc(normal * 511.0) / 511.0)" if lit else "normal"
    info.vertex_source(_VERTEX.replace("STEPS", steps))
    info.fragment_source(_FRAGMENTS[kind])
    return gpu.shader.create_from_info(info)


def ground() -> Any:
    """Copies the texture `ground`, pixel by pixel; `corner` (vec2) are those of the screen."""
    info = gpu.types.GPUShaderCreateInfo()
    info.sampler(0, "FLOAT_2D", "ground")
    info.vertex_in(0, "VEC2", "corner")
    info.fragment_out(0, "VEC4", "out_color")
    info.vertex_source(_GROUND_VERTEX)
    info.fragment_source(_GROUND)
    return gpu.shader.create_from_info(info)
