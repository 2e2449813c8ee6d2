"""`btb.utils` and `btb.paths`, in a real Blender."""

from pathlib import Path

import numpy as np
import pytest
from support.runtimes import Runtime


def test_conformance_surface_coordinates_of_objects(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
cube = cubes.colored_cube("cube")
cube.location, cube.scale = (1, 2, 3), (2, 1, 1)
curve = bpy.data.objects.new("curve", bpy.data.curves.new("curve", "CURVE"))
curve.data.dimensions = "3D"
curve.data.splines.new("POLY").points.add(2)
curve.data.splines[0].points[2].co = (0, 0, 7, 1)
bpy.context.scene.collection.objects.link(curve)
bpy.context.view_layer.update()
u = btb.utils
own = u.object_coordinates(cube)
dg = bpy.context.evaluated_depsgraph_get()
report(
    own=bool((own == cubes.CORNERS).all()), dtype=own.dtype.name,
    world=bool((u.world_coordinates(cube) == own * (2, 1, 1) + (1, 2, 3)).all()),
    given=bool((u.world_coordinates(cube, depsgraph=dg) == u.world_coordinates(cube)).all()),
    two=u.world_coordinates(cube, curve).tolist()[8:], none=u.world_coordinates().shape,
    box=u.bbox_world_coordinates(cube, cube, depsgraph=dg).shape,
    object_given=bool((u.object_coordinates(cube, depsgraph=dg) == own).all()),
)
""",
    )
    assert got["own"] and got["world"] and got["given"] and got["object_given"]
    assert got["dtype"] == "float64" and got["none"] == [0, 3] and got["box"] == [16, 3]
    assert got["two"] == [[0, 0, 0], [0, 0, 0], [0, 0, 7]]


def test_conformance_surface_homogeneous_and_spherical(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
hom, dehom, loc = btb.utils.hom, btb.utils.dehom, btb.utils.random_spherical_loc
x = np.arange(6.0).reshape(2, 3)
np.random.seed(1)
any_loc = np.array([loc() for _ in range(2000)])
r = np.linalg.norm(np.array([loc((2, 3)) for _ in range(500)]), axis=1)
cap = np.array([loc(theta_range=(0, 0.5), phi_range=(0, 1)) for _ in range(500)])
def seeded():
    np.random.seed(7)
    return loc((1, 9), (0.2, 3), (1, 5)).tolist()
np.random.seed(7)
r7, t7, p7 = np.random.uniform(1, 9), np.random.uniform(0.2, 3), np.random.uniform(1, 5)
report(
    hom=hom(x), point=hom(x, 0)[:, 3], many=hom(np.ones((2, 5, 3))).shape,
    integers=hom(np.array([[1, 2]])).dtype.kind, single=hom(x.astype(np.float32)).dtype.name,
    back=dehom(hom(x, 2.0)), dehom=dehom(np.array([[2.0, 4, 6, 2]])),
    unit=np.abs(np.linalg.norm(any_loc, axis=1) - 1).max(),
    around=[any_loc.min(axis=0), any_loc.max(axis=0)], radius=[r.min(), r.max()],
    cap=[np.arccos(cap[:, 2]).max(), np.arctan2(cap[:, 1], cap[:, 0]).min(),
         np.arctan2(cap[:, 1], cap[:, 0]).max()],
    same=[seeded(), seeded()],
    by_hand=[r7 * np.sin(t7) * np.cos(p7), r7 * np.sin(t7) * np.sin(p7), r7 * np.cos(t7)],
)
""",
    )
    assert got["hom"] == [[0, 1, 2, 1], [3, 4, 5, 1]] and got["point"] == [0, 0]
    assert got["many"] == [2, 5, 4] and got["integers"] == "i" and got["single"] == "float32"
    assert got["back"] == [[0, 0.5, 1], [1.5, 2, 2.5]] and got["dehom"] == [[1, 2, 3]]
    assert got["unit"] < 1e-12
    low, high = np.array(got["around"])
    assert (low < -0.9).all() and (high > 0.9).all()
    assert 2 <= got["radius"][0] < 2.1 and 2.9 < got["radius"][1] <= 3
    assert 0.45 < got["cap"][0] <= 0.5 and 0 <= got["cap"][1] < 0.05 and 0.95 < got["cap"][2] <= 1
    assert got["same"][0] == got["same"][1] == pytest.approx(got["by_hand"])


def test_conformance_surface_view3d_and_stats(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
area, space, region = btb.utils.find_first_view3d()
before = btb.utils.scene_stats()
for _ in range(3): bpy.data.meshes.new("leak")
cubes.colored_cube("cube")
after = btb.utils.scene_stats()
report(kinds=[area.type, space.type, region.type], before=before["meshes"], after=after["meshes"],
       objects=after["objects"], empty=[name for name, n in after.items() if sum(n) == 0])
""",
    )
    assert got["kinds"] == ["VIEW_3D", "VIEW_3D", "WINDOW"]
    used, unused = got["before"]
    assert got["after"] == [used + 1, unused + 3]
    assert got["objects"] == [1, 0] and got["empty"] == []


def test_conformance_surface_modules_beside_the_scene_are_found(
    runtime: Runtime, tmp_path: Path
) -> None:
    beside = tmp_path / "scenes"
    beside.mkdir()
    (beside / "scene_helpers.py").write_text("VALUE = 19\n")
    got = runtime.reported(
        tmp_path,
        f"""
import sys
bpy.ops.wm.save_as_mainfile(filepath={str(beside / "scene.blend")!r})
before = list(sys.path)
btb.add_scene_dir_to_path()
btb.paths.add_scene_dir_to_path()
import scene_helpers
report(added=sys.path[len(before):], value=scene_helpers.VALUE)
""",
        alone=True,
    )
    assert got == {"added": [str(beside)], "value": 19}


def test_a_scene_that_was_never_saved_has_the_working_folder(
    runtime: Runtime, tmp_path: Path
) -> None:
    # Not the script's own, which is there already.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = f"""
import os
os.chdir({str(elsewhere)!r})
before = os.getcwd() in sys.path
btb.add_scene_dir_to_path()
report(before=before, after=os.getcwd() in sys.path)
"""
    assert runtime.reported(tmp_path, code, alone=True) == {"before": False, "after": True}
