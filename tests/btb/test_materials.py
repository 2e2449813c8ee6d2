"""Materials, rendered."""

from pathlib import Path

import pytest
from support.runtimes import Runtime


@pytest.mark.parametrize("engine", ["CYCLES", "EEVEE"])
def test_the_normal_material_shows_the_normals_of_the_camera(
    runtime: Runtime, tmp_path: Path, engine: str
) -> None:
    got = runtime.reported(
        tmp_path,
        """
scene = cubes.empty_scene(96, 64)
scene.cycles.filter_width = 0.01
bpy.ops.mesh.primitive_uv_sphere_add(segments=128, ring_count=64, location=(0.3, 0, 0.2))
bpy.ops.object.shade_smooth()
material = btb.materials.create_normal_material("normals")
bpy.context.active_object.data.materials.append(material)
cubes.set_background((0, 0, 0))
cubes.camera((2, -3, 2), (0, 0, 0))
"""
        + f"""
got = btb.Renderer(("image", "normal"), engine={engine!r}, samples=1).render()
n = got["normal"]
# From OpenCV's axes to those of Blender's shaders: y is up.
expected = n * (0.5, -0.5, -0.5) + 0.5
seen = np.abs(n).sum(axis=-1) > 0
error = np.abs(got["image"] / 255 - expected)[seen]
report(name=material.name, pixels=int(seen.sum()), error=[np.median(error), error.max()],
       facing=got["image"][seen].max(axis=0))
""",
    )
    assert got["name"] == "normals"
    assert got["pixels"] > 1000
    median, largest = got["error"]
    # Of bytes; at the outline Workbench's normals, which EEVEE is compared with, are a bit off.
    assert median < 0.004 and largest < (0.01 if engine == "CYCLES" else 0.05)
    assert got["facing"][2] >= 254, "what faces the camera is blue"
