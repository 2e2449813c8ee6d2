"""What Blender holds numbers in travels as arrays; of the rest an error says what to publish."""

import json
from pathlib import Path

import numpy as np
from blendtorch import btt
from support.runtimes import Runtime
from support.streams import dataset


def test_blenders_own_arrays_travel_and_its_other_types_are_told_of(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Regression: property arrays were a TypeError."""
    path = tmp_path / "values.mcap"
    code = f"""
import mathutils
from blendtorch import btt
mesh = bpy.data.meshes.new("triangle")
mesh.from_pydata([(0, 0, 0), (2, 0, 0), (0, 3, 0)], [], [(0, 1, 2)])
it = bpy.data.objects.new("it", mesh)
it.color = (0.25, 0.5, 0.75, 1.0)
it.lock_location = (True, False, True)
it["ints"], it["floats"], it["group"] = [1, 2, 3], [0.5, 1.5], {{"a": 1}}
refused = {{}}
with btt.FileRecorder({json.dumps(str(path))}) as recorder:
    recorder.save(dict(
        color=it.color, box=it.bound_box, corner=it.bound_box[6], locks=it.lock_location,
        corners=mesh.polygons[0].vertices, ints=it["ints"], floats=it["floats"],
        listed=[it.color, (it.location,)], location=it.location, matrix=it.matrix_world,
        turned=it.rotation_quaternion, version=bpy.app.version, kind=it.type,
    ))
    for name, value in dict(
        group=it["group"], vertices=mesh.vertices, object=it, snaps=set(), key={{it.color: 1}},
        frozen={{mathutils.Vector((1, 2)).freeze(): 1}},
    ).items():
        try:
            recorder.save({{name: value}})
        except TypeError as error:
            refused[name] = str(error)
report(refused=refused, box=[list(corner) for corner in it.bound_box])
"""
    said = runtime.reported(tmp_path, code)
    item = btt.FileReader(path).read(0)
    for name, expected in {
        "color": np.array([0.25, 0.5, 0.75, 1.0]),
        "box": np.array(said["box"]),
        "corner": np.array(said["box"][6]),
        "locks": np.array([True, False, True]),
        "corners": np.array([0, 1, 2]),
        "ints": np.array([1, 2, 3], np.int32),
        "floats": np.array([0.5, 1.5]),
        "location": np.zeros(3),
        "matrix": np.eye(4),
        "turned": np.array([1.0, 0.0, 0.0, 0.0]),
    }.items():
        found = item[name]
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), name
        assert np.array_equal(found, expected), name
    assert item["box"].shape == (8, 3) and item["box"].max() == 3
    assert np.array_equal(item["listed"][0], item["color"])
    assert item["listed"][1][0].shape == (3,)
    assert isinstance(item["version"], tuple) and item["kind"] == "MESH"
    for name, says in {
        "group": "publish x.to_dict()",
        "vertices": "x.foreach_get(...)",
        "object": "such as x.name or x.matrix_world",
        "snaps": "publish list(x)",
        "key": "arrive as an array, and that cannot be a key",
        "frozen": "arrive as an array, and that cannot be a key",
    }.items():
        assert f"field '{name}'" in said["refused"][name], said["refused"]
        assert says in said["refused"][name], said["refused"]


def test_conformance_15_blenders_own_types_travel_as_arrays(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = tmp_path / "scene.py"
    script.write_text(
        """
import bpy
from mathutils import Color, Euler, Matrix, Quaternion, Vector
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
with btb.DataPublisher(args.btsockets["DATA"], args.btid, lingerms=60_000) as publisher:
    refused = []
    for value in (bpy.data.objects["Cube"], bpy.context, {1, 2}, print):
        try:
            publisher.publish(thing=value)
        except TypeError as error:
            refused.append(str(error))
    cube = bpy.data.objects["Cube"]
    cube.location = (1, 2, 3)
    bpy.context.view_layer.update()
    publisher.publish(
        refused=refused,
        vector=Vector((1, 2, 3)),
        among=[Vector((1, 2, 3)), {"there": Color((0.25, 0.5, 0.75))}],
        location=cube.location,
        matrix=Matrix(((1, 2, 3), (4, 5, 6))),
        world=cube.matrix_world,
        quaternion=Quaternion((1, 2, 3, 4)),
        euler=Euler((0.5, 0.25, 0.125)),
        color=Color((0.25, 0.5, 0.75)),
    )
"""
    )
    with btt.BlenderLauncher(
        "", script, named_sockets=["DATA"], proto="ipc", background=True, blender=runtime.place
    ) as bl:
        (item,) = dataset(*bl.launch_info.addresses["DATA"])
    expected = {
        "vector": [1, 2, 3],
        "location": [1, 2, 3],
        "matrix": [[1, 2, 3], [4, 5, 6]],
        "world": [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]],
        "quaternion": [1, 2, 3, 4],
        "euler": [0.5, 0.25, 0.125],
        "color": [0.25, 0.5, 0.75],
    }
    for name, values in expected.items():
        assert isinstance(item[name], np.ndarray) and item[name].dtype.kind == "f", name
        assert item[name].tolist() == values, name
    first, second = item["among"]
    assert (first.tolist(), second["there"].tolist()) == ([1, 2, 3], expected["color"])
    assert len(item["refused"]) == 4
    assert all("'thing'" in said and "cannot travel" in said for said in item["refused"])
