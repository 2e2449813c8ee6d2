"""The next scene: files that scripts load between episodes, and what was made before."""

from pathlib import Path
from typing import Any

from support.runtimes import Runtime

SIGNALS = ["pre_play", "pre_animation", "pre_frame", "post_frame", "post_animation", "post_play"]

# A file with frames 10 to 12, a larger cube and another engine; a controller whose signals are
# recorded.
NEXT = """
import os, tempfile
next_scene = os.path.join(tempfile.mkdtemp(), "next.blend")
scene = bpy.context.scene
scene.frame_start, scene.frame_end = 10, 12
scene.render.engine = "CYCLES"
bpy.data.objects["Cube"].scale = 2, 2, 2
bpy.ops.wm.save_as_mainfile(filepath=next_scene)

def first_scene():
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 2
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.render.engine = "BLENDER_WORKBENCH"

def loading_at(signal, seen):
    anim = btb.AnimationController()
    for name in SIGNALS:
        getattr(anim, name).add(lambda name: seen.append([name, anim.frameid]), name)
    def load():
        if ["loaded", None] not in seen:
            seen.append(["loaded", None])
            bpy.ops.wm.open_mainfile(filepath=next_scene)
    getattr(anim, signal).add(load)
    return anim
""".replace("SIGNALS", repr(SIGNALS))


def frames(first: int, last: int) -> list[Any]:
    return [[n, i] for i in range(first, last + 1) for n in ("pre_frame", "post_frame")]


def episode(first: int, last: int) -> list[Any]:
    """What one episode calls."""
    return [["pre_animation", first], *frames(first, last), ["post_animation", last]]


LOADED = ["loaded", None]

# Two episodes, in the first of which the file is loaded.
EXPECTED = {
    "pre_play": [["pre_play", 1], LOADED, *episode(10, 12)],
    "pre_animation": [["pre_play", 1], ["pre_animation", 1], LOADED, *episode(10, 12)[1:]],
    "pre_frame": [
        *(["pre_play", 1], ["pre_animation", 1], ["pre_frame", 1]),
        *(LOADED, *episode(10, 12)[2:]),
    ],
    "post_frame": [
        *(["pre_play", 1], ["pre_animation", 1], *frames(1, 1)),
        *(LOADED, *episode(10, 12)[1:]),
    ],
    "post_animation": [["pre_play", 1], *episode(1, 2), LOADED],
}


def expected(signal: str) -> list[Any]:
    return [*EXPECTED[signal], *episode(10, 12), ["post_play", 12]]


def test_the_next_scene_may_be_loaded_from_every_signal(runtime: Runtime, tmp_path: Path) -> None:
    """Renderers that were made before draw it: by its camera, in the shape that they had."""
    got = runtime.reported(
        tmp_path,
        NEXT
        + f"""
seen, pictures = {{}}, {{}}
for signal in {SIGNALS}:
    first_scene()
    off = btb.OffScreenRenderer(mode="rgb")
    off.set_render_style("SOLID")
    renderer = btb.Renderer(passes=("image", "depth"), engine="WORKBENCH")
    renderer.render(), off.render()
    seen[signal] = []
    anim = loading_at(signal, seen[signal])
    anim.play(num_episodes=2)
    of = lambda off, renderer: [off.render().tolist(), renderer.render()["depth"].tolist()]
    made_before = of(off, renderer)
    camera = btb.Camera(shape=(32, 32))
    off = btb.OffScreenRenderer(camera, mode="rgb")
    off.set_render_style("SOLID")
    fresh = of(off, btb.Renderer(passes=("image", "depth"), camera=camera, engine="WORKBENCH"))
    pictures[signal] = [made_before == fresh, float(np.min(fresh[1]))]
report(seen=seen, pictures=pictures)
""",
    )
    for signal in EXPECTED:
        assert got["seen"][signal] == expected(signal), signal
    last = [["pre_play", 1], *episode(1, 2), *episode(1, 2), ["post_play", 2], LOADED]
    assert got["seen"]["post_play"] == last
    assert [same for same, _ in got["pictures"].values()] == [True] * 6
    # The larger cube is nearer than the first scene's, which is 9.6 away.
    assert all(nearest < 9 for _, nearest in got["pictures"].values())


def test_the_next_scene_may_be_loaded_while_a_window_plays(
    windowed: Runtime, tmp_path: Path
) -> None:
    got = windowed.reported(
        tmp_path,
        NEXT
        + """
import sys
seen = {}

def play(*signals):
    if not signals:
        report(seen=seen)
        sys.exit(0)
    first_scene()
    seen[signals[0]] = []
    anim = loading_at(signals[0], seen[signals[0]])
    anim.post_play.add(lambda: bpy.app.timers.register(lambda: play(*signals[1:]), persistent=True))
    anim.play(num_episodes=2)

play("pre_play", "pre_animation", "pre_frame", "post_frame", "post_animation")
""",
        alone=True,
    )
    for signal in EXPECTED:
        assert got["seen"][signal] == expected(signal), signal


def test_a_given_range_is_that_of_the_next_scene_and_of_its_physics_too(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        NEXT
        + """
bpy.ops.rigidbody.world_add()
bpy.ops.wm.save_as_mainfile(filepath=next_scene)
first_scene()
anim = loading_at("pre_animation", seen := [])
anim.play((3, 5), num_episodes=2)
scene = bpy.context.scene
cache = scene.rigidbody_world.point_cache
report(seen=[s for s in seen if s[0] == "post_frame"], scene=[scene.frame_start, scene.frame_end],
       cache=[cache.frame_start, cache.frame_end])
""",
    )
    assert got["seen"] == 2 * [["post_frame", i] for i in (3, 4, 5)]
    assert got["scene"] == got["cache"] == [3, 5]


def test_another_scene_of_the_same_file_is_set_up_too(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
other = bpy.data.scenes.new("Other")
other.frame_start, other.frame_end = 7, 8
scene = bpy.context.scene
scene.frame_start, scene.frame_end = 1, 2
anim, seen = btb.AnimationController(), []
anim.post_frame.add(lambda: seen.append([bpy.context.scene.name, anim.frameid]))
anim.post_animation.add(lambda: setattr(bpy.context.window, "scene", other))
anim.play(num_episodes=2)
report(seen=seen)
""",
    )
    assert got["seen"] == [["Scene", 1], ["Scene", 2], ["Other", 7], ["Other", 8]]


def test_an_environment_may_load_its_scene_in_each_reset(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        NEXT
        + """
class Enough(Exception): pass

class Env(btb.BaseEnv):
    def _env_reset(self):
        first_scene() if self.events.episode % 2 else bpy.ops.wm.open_mainfile(filepath=next_scene)
    def _env_prepare_step(self, action): pass
    def _env_post_step(self):
        return dict(obs=self.events.frameid, reward=0.0)

def agent(env, obs, done, **_):
    seen.append([obs, done, list(env.frame_range)])
    if len(seen) == 9: raise Enough
    return (env.CMD_RESTART if done else env.CMD_STEP), None

seen = []
first_scene()
try: Env(agent).run()
except Enough: pass
report(seen=seen)
""",
    )
    later = [[10, False, [10, 12]], [11, False, [10, 12]], [12, True, [10, 12]]]
    assert got["seen"] == [
        *later,
        [1, False, [1, 2]],
        [2, True, [1, 2]],
        *later,
        [1, False, [1, 2]],
    ]


GONE = """
def errors_of(calls):
    return {name: error_of(call) for name, call in calls.items()}

def made():
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 16
    cube, camera = bpy.data.objects["Cube"], btb.Camera(bpy.data.objects["Camera"])
    cycles = btb.Renderer(camera=camera, engine="CYCLES", samples=1)
    cycles.render()
    renderer = btb.Renderer(camera=camera, engine="WORKBENCH")
    off = btb.OffScreenRenderer(camera)
    renderer.render(), off.render()
    of_camera = dict(
        cycles=cycles.render, renderer=renderer.render, off=off.render,
        view=lambda: camera.view_matrix, projection=lambda: camera.proj_matrix,
        type=lambda: camera.type, clip=lambda: camera.clip_range, look=camera.look_at,
        ndc=lambda: camera.world_to_ndc([[0, 0, 0]]), intrinsics=camera.intrinsics,
        extrinsics=camera.extrinsics, matrix=camera.camera_matrix, bpy=lambda: camera.bpy_camera,
        distance=lambda: camera.distance([[0, 0, 0]]), active=camera.set_as_active_camera,
    )
    of_cube = dict(
        pixels=lambda: camera.object_to_pixel(cube), box=lambda: camera.boxes_3d(cube),
        bbox=lambda: camera.bbox_object_to_pixel(cube),
        world=lambda: btb.utils.world_coordinates(cube),
    )
    return of_camera, of_cube
"""


def test_what_is_gone_is_an_error_that_names_it(runtime: Runtime, tmp_path: Path) -> None:
    """Each call of what was made before, with another file and with objects that were deleted."""
    got = runtime.reported(
        tmp_path,
        GONE
        + """
of_camera, of_cube = made()
bpy.ops.wm.read_homefile(use_factory_startup=True)
loaded = errors_of(of_camera), errors_of(of_cube)
of_camera, of_cube = made()
bpy.data.objects.remove(bpy.data.objects["Cube"])
bpy.data.objects.remove(bpy.data.objects["Camera"])
deleted = errors_of(of_camera), errors_of(of_cube)
report(loaded=loaded, deleted=deleted)
""",
    )
    for case, why in (("loaded", "another file was loaded"), ("deleted", "it was deleted")):
        of_camera, of_cube = got[case]
        for name, said in of_camera.items():
            gone = "ReferenceError the camera of this btb.Camera, 'Camera', is gone"
            assert said.startswith(gone), (case, name, said)
            assert why in said and "anew" in said, (case, name)
        for name, said in of_cube.items():
            assert said.startswith("ReferenceError ") and "gone" in said, (case, name, said)


def test_the_scenes_camera_is_followed_and_missed(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
bpy.context.scene.render.resolution_x = 40
camera = btb.Camera()
shape, before = list(camera.shape), [list(row) for row in camera.view_matrix]
bpy.ops.wm.read_homefile(use_factory_startup=True)
bpy.context.scene.camera.location = 1, 2, 3
xyz = camera.world_to_ndc([[0, 0, 0]])
fresh = btb.Camera(shape=shape)
same = bool(np.allclose(xyz, fresh.world_to_ndc([[0, 0, 0]])))
moved = not np.allclose(before, camera.view_matrix)
bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
said = error_of(lambda: camera.world_to_ndc([[0, 0, 0]]))
report(shape=[shape, list(camera.shape)], same=same, moved=bool(moved), said=said)
""",
    )
    assert got["shape"][0] == got["shape"][1] and got["shape"][0][1] == 40
    assert got["same"] and got["moved"]
    assert got["said"].startswith("ReferenceError ") and "another file was loaded" in got["said"]


def test_a_step_that_is_undone_does_not_end_what_was_made(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 32
off = btb.OffScreenRenderer(btb.Camera())
off.set_render_style("SOLID")
bpy.ops.ed.undo_push()
pictures = [off.render().tolist()]
bpy.data.objects["Cube"].scale = 2, 2, 2
bpy.ops.ed.undo_push()
for step in (bpy.ops.ed.undo_push, bpy.ops.ed.undo, bpy.ops.ed.undo, bpy.ops.ed.redo):
    step()
    pictures.append(off.render().tolist())
small, large, *rest = pictures
report(differ=small != large, same=[large == rest[0], small == rest[1], large == rest[2]])
""",
    )
    assert got["differ"] and got["same"] == [True, True, True]
