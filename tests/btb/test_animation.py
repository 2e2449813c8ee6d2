"""Statement 21 of the contract: animation, in real Blenders, blocking and with a window."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support.runtimes import Runtime

SIGNALS = ["pre_play", "pre_animation", "pre_frame", "post_frame", "post_animation", "post_play"]

RECORD = f"""
anim, seen = btb.AnimationController(), []
for name in {SIGNALS}:
    getattr(anim, name).add(lambda n: seen.append([n, anim.frameid]), name)
"""


def episode(first: int, last: int) -> list[Any]:
    """What one episode calls."""
    middle = [[n, i] for i in range(first, last + 1) for n in ("pre_frame", "post_frame")]
    return [["pre_animation", first], *middle, ["post_animation", last]]


def played(first: int, last: int, episodes: int) -> list[Any]:
    """What playing calls; the frame at which it begins is not said."""
    return [["pre_play", None], *episodes * episode(first, last), ["post_play", last]]


def without_first_frame(seen: list[Any]) -> list[Any]:
    return [[seen[0][0], None], *seen[1:]]


def test_conformance_21_arguments_and_defaults_are_the_originals(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        """
import inspect
defaults = lambda f: {n: p.default for n, p in inspect.signature(f).parameters.items()
                      if p.default is not p.empty}
anim = btb.AnimationController()
report(play=defaults(anim.play), range=list(inspect.signature(anim.setup_frame_range).parameters),
       frameid=anim.frameid, rewind=str(inspect.signature(anim.rewind)),
       signals=[n for n in vars(anim) if isinstance(getattr(anim, n), btb.Signal)])
""",
    )
    assert got["play"] == {
        "frame_range": None,
        "num_episodes": -1,
        "use_animation": True,
        "use_offline_render": True,
        "use_physics": True,
    }
    assert got["range"] == ["frame_range", "physics"]
    assert got["frameid"] == 1 and got["rewind"].startswith("()")
    assert sorted(got["signals"]) == sorted(SIGNALS)


def test_conformance_21_order_for_the_range_1_to_3_and_2_episodes(
    runtime: Runtime, tmp_path: Path
) -> None:
    code = RECORD + "anim.play(frame_range=(1, 3), num_episodes=2)\nreport(seen=seen)"
    got = runtime.reported(tmp_path, code)
    assert without_first_frame(got["seen"]) == played(1, 3, 2)


@pytest.mark.parametrize("frame_range", [(0, 2), (5, 5), (0, 0)])
def test_conformance_21_a_range_from_0_and_a_range_of_one_frame_work(
    runtime: Runtime, tmp_path: Path, frame_range: tuple[int, int]
) -> None:
    code = RECORD + f"anim.play({frame_range}, num_episodes=2)\nreport(seen=seen)"
    got = runtime.reported(tmp_path, code)
    assert without_first_frame(got["seen"]) == played(*frame_range, 2)


def test_conformance_21_the_scenes_range_is_the_default_and_a_given_one_becomes_the_scenes(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        RECORD
        + """
scene = bpy.context.scene
scene.frame_start, scene.frame_end = 4, 6
anim.play(num_episodes=1)
given = anim.setup_frame_range((7, 9))
report(seen=seen, given=given, scene=[scene.frame_start, scene.frame_end])
""",
    )
    assert without_first_frame(got["seen"]) == played(4, 6, 1)
    assert got["given"] == got["scene"] == [7, 9]


def test_conformance_21_blocking_is_the_default_in_the_background_and_loses_no_frame(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Also where callbacks take longer than a frame of the scene's 24 a second."""
    got = runtime.reported(
        tmp_path,
        """
import time
anim, frames = btb.AnimationController(), []
anim.post_frame.add(lambda: (time.sleep(0.06) if anim.frameid % 5 == 0 else None,
                             frames.append(anim.frameid)))
anim.play((1, 40), num_episodes=3)
report(frames=frames)
""",
    )
    assert got["frames"] == 3 * list(range(1, 41))


def test_conformance_21_without_a_number_of_episodes_it_plays_on(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        """
class Enough(Exception): pass
anim, episodes = btb.AnimationController(), []
def count():
    episodes.append(anim.episode)
    if len(episodes) == 50: raise Enough
anim.post_animation.add(count)
try: anim.play((1, 2))
except Enough: pass
report(episodes=episodes)
""",
    )
    assert got["episodes"] == list(range(50))


def test_conformance_21_signals_call_in_order_of_registration() -> None:
    from blendtorch.btb import Signal

    assert list(inspect.signature(Signal().add).parameters) == ["fn", "args", "kwargs"]
    called: list[Any] = []

    def record(*args: Any, **kwargs: Any) -> None:
        called.append((args, kwargs))

    signal = Signal()
    handles = [signal.add(record, i, who=f"slot {i}") for i in range(4)]
    signal.invoke("now", x=1)
    assert called == [((i, "now"), {"who": f"slot {i}", "x": 1}) for i in range(4)]
    called.clear()
    signal.remove(handles[1])
    signal.invoke()
    assert [args for args, _ in called] == [(0,), (2,), (3,)]
    with pytest.raises(ValueError, match="not registered"):
        signal.remove(handles[1])


def test_conformance_21_rewind_begins_a_new_episode(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        RECORD
        + """
anim.post_frame.add(lambda: anim.rewind() if len(seen) == 6 else None)
anim.play((1, 3), num_episodes=1)
report(seen=seen, episode=anim.episode)
""",
    )
    begun = episode(1, 3)[:5]
    assert got["seen"][1:-1] == begun + episode(1, 3)
    assert got["episode"] == 2, "the rewound one counts"


def test_conformance_21_a_wrong_range_is_refused_and_plays_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        RECORD
        + """
errors = [error_of(lambda: anim.play(bad, 1)) for bad in ((3, 1), (-1, 4))]
nothing = not seen
anim.play((1, 1), num_episodes=1, use_animation=False)
report(errors=errors, nothing=nothing, seen=seen)
""",
    )
    assert len(got["errors"]) == 2 and got["nothing"]
    for error in got["errors"]:
        assert error.startswith("ValueError ") and "first <= last" in error
    assert without_first_frame(got["seen"]) == played(1, 1, 1)


FALLS = """
cubes.empty_scene(64, 48)
bpy.ops.mesh.primitive_plane_add(size=40)
floor, cube, driven = bpy.context.active_object, cubes.colored_cube("a"), cubes.colored_cube("b")
cube.location, cube.rotation_euler = (0, 0, 4), (0.3, 0.2, 0.1)
for obj, kind in ((floor, "PASSIVE"), (cube, "ACTIVE")):
    with bpy.context.temp_override(object=obj, active_object=obj):
        bpy.ops.rigidbody.object_add(type=kind)
anim, heights, driven_x = btb.AnimationController(), [], []

def look():
    dg = bpy.context.evaluated_depsgraph_get()
    heights.append(cube.evaluated_get(dg).matrix_world.translation.z)
    driven_x.append(driven.evaluated_get(dg).matrix_world.translation.x)

anim.post_frame.add(look)
"""


@pytest.mark.parametrize("first", [0, 1, 30])
def test_conformance_21_a_rigid_body_falls_the_same_in_each_episode(
    runtime: Runtime, tmp_path: Path, first: int
) -> None:
    code = f"""
anim.play(({first}, {first + 59}), num_episodes=3)
cache = bpy.context.scene.rigidbody_world.point_cache
report(heights=heights, cache=[cache.frame_start, cache.frame_end])
"""
    got = runtime.reported(tmp_path, FALLS + code)
    episodes = [got["heights"][60 * i : 60 * (i + 1)] for i in range(3)]
    assert episodes[0] == episodes[1] == episodes[2]
    heights = episodes[0]
    assert len(heights) == 60 and heights[0] == pytest.approx(4)
    # After half a second (12 frames): z0 - g t^2 / 2, before it reaches the floor.
    assert heights[12] == pytest.approx(4 - 9.81 * 0.5**2 / 2, abs=0.15)
    assert heights[-1] == pytest.approx(1.0, abs=0.1)
    assert got["cache"] == [first, first + 59]


def test_conformance_21_without_physics_its_range_is_left_alone(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FALLS
        + """
anim.play((3, 5), num_episodes=1, use_physics=False)
cache = bpy.context.scene.rigidbody_world.point_cache
report(cache=[cache.frame_start, cache.frame_end])
""",
    )
    assert got["cache"] == [1, 250]


def test_conformance_21_what_a_callback_changes_is_in_the_frame_and_physics_starts_over(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FALLS
        + """
def place():
    cube.location = (0, 0, 4 + anim.episode)
    cube.rotation_euler = (0, 0, 0)

def move():
    driven.location.x = 10 + anim.frameid

anim.pre_animation.add(place)
anim.pre_frame.add(move)
anim.play((0, 59), num_episodes=3)
report(heights=heights, driven_x=driven_x)
""",
    )
    assert got["driven_x"] == [10.0 + frame for _ in range(3) for frame in range(60)]
    for index in range(3):
        heights = got["heights"][60 * index : 60 * (index + 1)]
        assert heights[0] == pytest.approx(4 + index)
        assert heights[12] == pytest.approx(4 + index - 9.81 * 0.5**2 / 2, abs=0.15)
        assert heights[-1] == pytest.approx(1.0, abs=0.1)


def test_seeds_repeat_and_differ(runtime: Runtime, tmp_path: Path) -> None:
    code = """
from blendtorch.btb import progress
anim, seeds, places = btb.AnimationController(), [], []
anim.post_frame.add(lambda: seeds.append([anim.episode, anim.index, anim.sample_seed]))
anim.post_frame.add(lambda: places.append([progress.episode, progress.index]))
anim.play((4, 6), num_episodes=2)
report(seeds=seeds, first=btb.sample_seed(btb.episode_seed(7, 1, 0), 0),
       places=places, after=[progress.episode, progress.index])
"""
    got = runtime.reported(tmp_path, code, "-btid", "1", "-btseed", "7")
    assert [s[:2] for s in got["seeds"]] == [[e, i] for e in (0, 1) for i in (0, 1, 2)]
    assert len({s[2] for s in got["seeds"]}) == 6
    assert got["seeds"][0][2] == got["first"]
    # What a publisher reads.
    assert got["places"] == [s[:2] for s in got["seeds"]]
    assert got["after"] == [None, None]


BROKEN = """
def broken():
    raise RuntimeError("out of cubes")

anim = btb.AnimationController()
anim.SIGNAL.add(broken)
anim.play((1, 2), num_episodes=1)
print("went on", flush=True)
"""


@pytest.mark.parametrize("name", SIGNALS)
def test_conformance_21_an_exception_in_a_callback_ends_the_instance_with_its_traceback(
    runtime: Runtime, tmp_path: Path, name: str
) -> None:
    done = runtime.run_script(tmp_path, BROKEN.replace("SIGNAL", name))
    assert done.returncode == 1
    # A `blender` program writes tracebacks to stdout.
    said = done.stdout + done.stderr
    assert "in broken" in said and "RuntimeError: out of cubes" in said
    assert "went on" not in said


def launched(runtime: Runtime, tmp_path: Path, background: bool) -> tuple[list[int], str]:
    """Exit codes and the report of an instance whose callback raises."""
    script = tmp_path / "scene.py"
    script.write_text("from blendtorch import btb\n" + BROKEN.replace("SIGNAL", "post_frame"))
    with btt.BlenderLauncher(
        "", script, background=background, blender=runtime.place, proto="ipc"
    ) as bl:
        codes = bl.wait()
        with pytest.raises(btt.LaunchError) as raised:
            bl.assert_alive()
    return codes, str(raised.value)


def test_conformance_21_the_launcher_tells_of_an_exception_in_a_callback(
    runtime: Runtime, tmp_path: Path
) -> None:
    codes, report = launched(runtime, tmp_path, background=True)
    assert codes == [1]
    assert "exit code 1" in report
    assert "in broken" in report and "RuntimeError: out of cubes" in report


def test_conformance_21_the_launcher_tells_of_an_exception_behind_a_window(
    windowed: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", windowed.env["DISPLAY"])
    codes, report = launched(windowed, tmp_path, background=False)
    assert codes == [1]
    assert "in broken" in report and "RuntimeError: out of cubes" in report


# A Blender with a window stays after its script: the last callback ends it.
IN_A_WINDOW = (
    RECORD
    + """
import sys
assert not bpy.app.background
returned = []
def done():
    report(seen=seen, returned=returned)
    sys.exit(0)
anim.post_play.add(done)
anim.play((1, 3), num_episodes=2, use_animation=ANIMATION)
returned.append(len(seen))
"""
)


def test_conformance_21_in_a_window_play_returns_at_once_and_plays_the_same(
    windowed: Runtime, tmp_path: Path
) -> None:
    got = windowed.reported(tmp_path, IN_A_WINDOW.replace("ANIMATION", "True"), alone=True)
    assert got["returned"] == [0], "it returns before the first frame"
    assert without_first_frame(got["seen"]) == played(1, 3, 2)


def test_conformance_21_in_a_window_without_use_animation_it_blocks(
    windowed: Runtime, tmp_path: Path
) -> None:
    got = windowed.reported(tmp_path, IN_A_WINDOW.replace("ANIMATION", "False"), alone=True)
    assert got["returned"] == [], "it ended inside play()"
    assert without_first_frame(got["seen"]) == played(1, 3, 2)


# What Blender's timer calls in a Blender with a window, where there is none.
TIMER = """
anim._playing = anim._frames(1, 2, 1)
while anim._next_frame() is not None:
    pass
"""


def test_conformance_21_a_timer_plays_the_same_frames(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(tmp_path, RECORD + TIMER + "report(seen=seen)")
    assert without_first_frame(got["seen"]) == played(1, 2, 1)


def test_conformance_21_an_exception_under_a_timer_ends_the_instance_too(
    runtime: Runtime, tmp_path: Path
) -> None:
    code = "import atexit; atexit.register(print, 'hook')\nanim.pre_frame.add(lambda: 1 / 0)\n"
    done = runtime.run_script(tmp_path, RECORD + code + TIMER + "print('went on')")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "hook" in done.stdout
    assert "went on" not in done.stdout
