"""A world of one colour lights the same by a smaller map (`btb.world_light`).

Where a graphics card draws, and in Blenders before 4.2, nothing is to be made smaller.
"""

from pathlib import Path

import pytest
from support.runtimes import Runtime
from support.untested import untested

# Surfaces that show the world as a mirror does, and as chalk does.
SCENE = """
from blendtorch.btb import world_light
scene = cubes.empty_scene(64, 48)
bpy.ops.mesh.primitive_plane_add(size=20)
for rough, metal, x in ((0.0, 1.0, -1.3), (0.5, 1.0, 0.0), (1.0, 0.0, 1.3)):
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.6, location=(x, 0, 0.6))
    material = bpy.data.materials.new("m")
    material.use_nodes = True
    inputs = material.node_tree.nodes["Principled BSDF"].inputs
    inputs["Roughness"].default_value, inputs["Metallic"].default_value = rough, metal
    bpy.context.active_object.data.materials.append(material)
camera = cubes.camera(look_from=(0, -5, 3), look_at=(0, 0, 0.5))
world = scene.world = bpy.data.worlds.new("plain")
world.use_nodes = True
tree = world.node_tree
shader = next(node for node in tree.nodes if node.type == "BACKGROUND")
shader.inputs["Color"].default_value = (0.6, 0.3, 0.1, 1)
renderer = btb.Renderer(("image",), camera, engine="EEVEE", samples=1)
software = btb.rendering.is_software()
"""

DRAWS = (
    SCENE
    + """
small = renderer.render()["image"].astype(int)
used = world.probe_resolution
fine = world_light.FINE_ENOUGH
world_light.FINE_ENOUGH = 1024  # This Blender runs other tests' scripts too.
try:
    world.probe_resolution = "1024"
    large = renderer.render()["image"].astype(int)
finally:
    world_light.FINE_ENOUGH = fine
report(
    software=software,
    used=used,
    differs=int(abs(small - large).max()),
    lit=int(small.max()),
    kept=world.probe_resolution,
)
"""
)

CHANGES = (
    SCENE
    + """
def now():
    renderer.render()
    return world.probe_resolution

seen = {"plain": now()}
shader.inputs["Strength"].default_value = 40  # A part of it is a sun.
seen["sun"] = now()
shader.inputs["Strength"].default_value = 1
seen["plain again"] = now()
sky = tree.nodes.new("ShaderNodeTexGradient")
link = tree.links.new(sky.outputs["Color"], shader.inputs["Color"])
seen["gradient"] = now()
tree.links.remove(link)
world.probe_resolution = "512"
seen["users"] = now()
tree.links.new(sky.outputs["Color"], shader.inputs["Color"])
seen["users gradient"] = now()
report(software=software, seen=seen)
"""
)


@pytest.fixture
def software_eevee(bpy_runtime: Runtime, tmp_path: Path) -> Runtime:
    """The managed Blender, whose EEVEE has such a map, where the processor draws."""
    said = bpy_runtime.reported(tmp_path, "report(software=btb.rendering.is_software())\n")
    if not said["software"]:
        untested("the light of a world without a graphics card: one draws here")
    return bpy_runtime


def test_no_byte_differs_by_more_than_one(software_eevee: Runtime, tmp_path: Path) -> None:
    got = software_eevee.reported(tmp_path, DRAWS)
    assert got["used"] == "256" and got["kept"] == "1024"
    assert got["differs"] <= 1 and got["lit"] > 50


def test_what_differs_by_direction_has_what_the_user_chose(
    software_eevee: Runtime, tmp_path: Path
) -> None:
    got = software_eevee.reported(tmp_path, CHANGES)
    assert got["seen"] == {
        "plain": "256",
        "sun": "1024",
        "plain again": "256",
        "gradient": "1024",
        "users": "256",
        "users gradient": "512",
    }


def test_a_blender_without_such_maps_draws_as_ever(runtime: Runtime, tmp_path: Path) -> None:
    code = """
from blendtorch.btb import world_light
had = hasattr(bpy.context.scene.world, "probe_resolution")
world_light.fit(bpy.context.scene)
bpy.context.scene.world = None
world_light.fit(bpy.context.scene)
report(had=had, new=bpy.app.version >= (4, 2))
"""
    got = runtime.reported(tmp_path, code)
    assert got["had"] == got["new"]
