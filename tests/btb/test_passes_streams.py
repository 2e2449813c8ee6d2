"""The passes of `btb.Renderer` beyond image, depth and normals, against those of captures."""

from pathlib import Path
from typing import Any

import pytest
from support.captures import SCENE
from support.runtimes import Runtime

ROOM = (
    SCENE
    + """
def room():
    scene = scene_of()
    bpy.ops.mesh.primitive_plane_add(size=40)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1.2, location=(0, 0, 1))
    ball = bpy.context.active_object
    ball.data.materials.append(cubes.plain_material("lamp", (.5, .25, .125)))
    ball["category_id"] = 7
    parts = bpy.data.collections.new("parts")
    bpy.ops.mesh.primitive_cube_add(size=1)
    cube = bpy.context.active_object
    cube.name = "brick"
    cube.data.materials.append(cubes.plain_material("clay", (.1, .1, .1)))
    for one in list(cube.users_collection): one.objects.unlink(cube)
    parts.objects.link(cube)
    for name, x in (("left", -3), ("right", 3)):
        empty = bpy.data.objects.new(name, None)
        empty.instance_type, empty.instance_collection = "COLLECTION", parts
        empty.location = (x, 0, .5)
        scene.collection.objects.link(empty)
    cam = cubes.camera((0, -9, 3), (0, 0, 2))
    keyed(ball, "location", [(0, (-.2, 0, 1)), (1, (0, 0, 1)), (2, (.4, 0, 1.2))])
    keyed(cam.bpy_camera, "location", [(0, (0, -9, 3)), (1, (0, -9, 3)), (2, (.1, -9.3, 3))])
    scene.frame_set(1)
    return scene

def counted(array):
    values, counts = np.unique(array, return_counts=True)
    return dict(zip(map(str, values.tolist()), counts.tolist()))
"""
)


def check_ids(ids: dict[str, Any]) -> None:
    names = ["Plane", "Sphere", "left/brick", "right/brick"]
    assert list(ids["instances"]) == names and list(ids["materials"]) == ["clay", "lamp"], ids
    assert [pair[0] for pair in ids["instances"].values()] == [1, 2, 3, 4], ids
    # The numbers of collections do not meet those that objects say.
    plane, sphere, left, right = (pair[1] for pair in ids["instances"].values())
    assert sphere == 7 and left == right and sorted({plane, left}) == [8, 9], ids


def test_cycles_gives_a_stream_what_it_gives_a_capture(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        ROOM
        + """
scene = room()
extra = ("flow_forward", "flow_backward", "instance", "category", "material", "diffuse",
         "specular", "points", "emission", "cryptomatte")
renderer = btb.Renderer(passes=("depth", *extra), engine="CYCLES", samples=1)
stream = renderer.render()
layout = renderer.layout()
shapes = all(stream[name].shape == layout[name][0] and stream[name].dtype == layout[name][1]
             for name in stream)
ids = renderer.ids
renderer.ids = dict(instances={"Sphere": [500, 6]}, materials={})
bpy.ops.mesh.primitive_cube_add(size=1, location=(0, -3, .5))
bpy.context.active_object.name = "added"
later, after = renderer.render(), {name: list(v) for name, v in renderer.ids["instances"].items()}
during = scene.objects["Plane"].pass_index
bpy.data.objects.remove(scene.objects["added"])
renderer.free()
index = scene.objects["Plane"].pass_index
raw = {name: array[::-1] for name, array in captured(
    ["flows", "segmentations", "materials", "diffuse", "points", "emission", "cryptomatte",
     "depths"]).arrays.items()}
v, far = raw["vector"], raw["depth"] > 1e9
def off(name, array): return np.abs(stream[name] - array).max()
report(
    shapes=shapes, ids=ids, after=after, later=counted(later["instance"]), index=[during, index],
    off=[off("flow_forward", v[..., 2:] * (-1, 1)), off("flow_backward", v[..., :2] * (1, -1)),
         off("instance", raw["instance"].astype(int)), off("material", raw["material"].astype(int)),
         off("points", raw["points"]), off("emission", raw["emission"]),
         off("diffuse", (raw["diffuse_direct"] + raw["diffuse_indirect"]) * raw["diffuse_color"])],
    crypto=bool((stream["cryptomatte"][..., :4].view(np.uint32)
                 == raw["CryptoObject00"].view(np.uint32)).all()),
    moved=np.abs(stream["flow_forward"]).max(), categories=counted(stream["category"]),
    sky=bool((np.isinf(stream["depth"]) == (stream["instance"] == 0)).all()),
)
""",
    )
    ids = got["ids"]
    ids["instances"]["Sphere"] = [2, 7]  # It is the table itself, which has changed since.
    ids["instances"].pop("added", None)
    check_ids(ids)
    assert got["shapes"] and got["crypto"] and got["sky"] and max(got["off"]) < 1e-5, got
    assert got["moved"] > 1, got
    assert got["after"]["Sphere"] == [500, 6] and got["after"]["added"][0] == 501, got
    assert {"500", "501", "1"} <= set(got["later"]), got
    assert got["index"] == [got["index"][0], 0] and got["index"][0] > 0, got


def test_workbench_draws_ids_and_points(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        ROOM
        + """
scene = room()
exact = btb.Renderer(passes=("instance", "category", "material", "points"), engine="CYCLES",
                     samples=1)
wanted = exact.render()
exact.free()
color = tuple(scene.objects["Sphere"].color), tuple(bpy.data.materials["clay"].diffuse_color)
renderer = btb.Renderer(passes=("image", "instance", "category", "material", "points", "depth"),
                        engine="WORKBENCH")
got = renderer.render()
ids = renderer.ids
renderer.free()
same = got["instance"] == wanted["instance"]
report(
    ids=ids, keys=list(got), seen=counted(got["instance"]),
    differ=[int((got[name] != wanted[name]).sum())
            for name in ("instance", "category", "material")],
    points=np.median(np.abs(got["points"] - wanted["points"])[same].max(-1)),
    kept=color == (tuple(scene.objects["Sphere"].color),
                   tuple(bpy.data.materials["clay"].diffuse_color)),
    lacks=error_of(lambda: btb.Renderer(passes=("image", "flow_forward"), engine="WORKBENCH")),
)
""",
    )
    check_ids(got["ids"])
    assert got["keys"] == ["image", "instance", "category", "material", "points", "depth"], got
    assert set(got["seen"]) == {"0", "1", "2", "3", "4"} and got["kept"], got
    assert max(got["differ"]) <= 12 and got["points"] < 2e-3, got
    assert got["lacks"].startswith("ValueError WORKBENCH has no pass flow_forward"), got


def test_eevee_gives_captures_its_passes(blender_runtime: Runtime, tmp_path: Path) -> None:
    """Of one version alone: others take half a minute for their first picture without a graphics
    card."""
    got = blender_runtime.reported(
        tmp_path,
        ROOM
        + """
scene = room()
exact = captured(["depths", "segmentations", "materials", "normals"]).arrays
scene.render.engine = btb.rendering.eevee()
scene.eevee.taa_render_samples, scene.render.filter_size = 1, 0.01
refused = error_of(lambda: Capture({"flows": {}}))
got = captured(["frames", "depths", "normals", "segmentations", "materials", "points",
                "diffuse", "emission", "cryptomatte"], display=Display("RGB", 8)).arrays
same = got["instance"] == exact["instance"]
sky = exact["instance"] == 0
report(
    names=sorted(got), refused=refused, seen=counted(got["instance"]), differ=int((~same).sum()),
    material=int((got["material"] != exact["material"]).sum()),
    depth=np.abs(got["depth"] / exact["depth"] - 1)[same].max(),
    normal=np.median(np.abs(got["normal"] - exact["normal"])[same & ~sky]),
    far=got["depth"][sky & same].min(), values=len(np.unique(got["display"])),
)
""",
    )
    names = "CryptoMaterial00 CryptoMaterial01 CryptoMaterial02 CryptoObject00 CryptoObject01"
    names += " CryptoObject02 category depth diffuse_color diffuse_light display emission instance"
    assert got["names"] == [*names.split(), "material", "normal", "points"], got
    assert got["refused"].startswith("Lacks EEVEE has no pass 'flows'"), got
    assert set(got["seen"]) == {"0", "1", "2", "3", "4"}, got
    assert max(got["differ"], got["material"]) <= 30 and got["values"] > 5, got
    assert got["depth"] < 0.01 and got["normal"] < 0.02, got
    assert got["far"] == pytest.approx(1e10), got
