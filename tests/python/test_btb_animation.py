"""The order of callbacks, physics, seeds, and errors, in a real Blender."""

from pathlib import Path
from typing import Any

import pytest
from btb_support import Runtime

RECORD = """
anim, seen = btb.AnimationController(), []
for name in "pre_play pre_animation pre_frame post_frame post_animation post_play".split():
    getattr(anim, name).add(lambda n: seen.append([n, anim.frameid]), name)
"""


def frames(first: int, last: int) -> list[Any]:
    """What one episode calls, apart from the frames at which it begins and ends playing."""
    middle = [[n, i] for i in range(first, last + 1) for n in ("pre_frame", "post_frame")]
    return [["pre_animation", first], *middle, ["post_animation", last]]


def test_order_of_signals(runtime: Runtime, tmp_path: Path) -> None:
    ranges = [(1, 3), (0, 2), (5, 5), (0, 0)]
    played = RECORD + "anim.play(frame_range=RANGE, num_episodes=2)\norders.append(seen)\n"
    code = "orders = []\n" + "".join(played.replace("RANGE", str(r)) for r in ranges)
    orders = runtime.reported(tmp_path, code + "report(orders=orders)")["orders"]
    for frame_range, seen in zip(ranges, orders, strict=True):
        assert seen[0][0] == "pre_play"
        assert seen[1:-1] == 2 * frames(*frame_range)
        assert seen[-1] == ["post_play", frame_range[1]]


def test_rewind_begins_a_new_episode_and_ranges_are_checked(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        RECORD
        + """
anim.post_frame.add(lambda: anim.rewind() if len(seen) == 6 else None)
anim.play((1, 3), num_episodes=1)
errors = []
for bad in ((3, 1), (-1, 4)):
    try: anim.play(bad, 1)
    except ValueError as error: errors.append(str(error))
handle = anim.pre_frame.add(print, "never")
anim.pre_frame.remove(handle)
seen_before = list(seen)
anim.play((1, 1), num_episodes=1, use_animation=False)
report(seen=seen_before, errors=errors, episode=anim.episode)
""",
    )
    begun = frames(1, 3)[:5]
    assert got["seen"][1:-1] == begun + frames(1, 3)
    assert all("first <= last" in error for error in got["errors"])
    assert len(got["errors"]) == 2


def test_what_a_callback_changes_is_in_the_frame_and_physics_starts_over(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
bpy.ops.mesh.primitive_plane_add(size=40)
floor, cube, driven = bpy.context.active_object, cubes.colored_cube("a"), cubes.colored_cube("b")
for obj, kind in ((floor, "PASSIVE"), (cube, "ACTIVE")):
    with bpy.context.temp_override(object=obj, active_object=obj):
        bpy.ops.rigidbody.object_add(type=kind)
anim, heights, driven_x = btb.AnimationController(), [], []

def place():
    cube.location = (0, 0, 4 + anim.episode)
    cube.rotation_euler = (0, 0, 0)

def move():
    driven.location.x = 10 + anim.frameid

def look():
    dg = bpy.context.evaluated_depsgraph_get()
    heights.append(cube.evaluated_get(dg).matrix_world.translation.z)
    driven_x.append(driven.evaluated_get(dg).matrix_world.translation.x)

anim.pre_animation.add(place)
anim.pre_frame.add(move)
anim.post_frame.add(look)
anim.play((FIRST, FIRST + 59), num_episodes=3)
report(heights=heights, driven_x=driven_x)
""".replace("FIRST", "0"),
    )
    assert got["driven_x"] == [10.0 + frame for _ in range(3) for frame in range(60)]
    for episode in range(3):
        heights = got["heights"][60 * episode : 60 * (episode + 1)]
        assert heights[0] == pytest.approx(4 + episode)
        # After half a second (12 frames): z0 - g t^2 / 2, before it reaches the floor at z = 1.
        assert heights[12] == pytest.approx(4 + episode - 9.81 * 0.5**2 / 2, abs=0.15)
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


@pytest.mark.parametrize("signal", ["pre_play", "pre_animation", "pre_frame", "post_frame"])
def test_an_exception_in_a_callback_ends_the_instance(
    runtime: Runtime, tmp_path: Path, signal: str
) -> None:
    done = runtime.run_script(
        tmp_path,
        f"""
def broken():
    raise RuntimeError("out of cubes")

anim = btb.AnimationController()
anim.{signal}.add(broken)
anim.play()
""",
    )
    assert done.returncode == 1
    # A `blender` program writes tracebacks to stdout.
    assert "in broken" in done.stdout + done.stderr
    assert "RuntimeError: out of cubes" in done.stdout + done.stderr


# What Blender's timer calls in a Blender with a window, which these tests do not have.
TIMER = """
anim._playing = anim._frames(1, 2, 1)
while anim._next_frame() is not None:
    pass
"""


def test_a_timer_plays_the_same_frames(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(tmp_path, RECORD + TIMER + "report(seen=seen)")
    assert got["seen"][1:-1] == frames(1, 2)


def test_an_exception_under_a_timer_ends_the_instance_too(runtime: Runtime, tmp_path: Path) -> None:
    code = "import atexit; atexit.register(print, 'hook')\nanim.pre_frame.add(lambda: 1 / 0)\n"
    done = runtime.run_script(tmp_path, RECORD + code + TIMER + "print('went on')")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "hook" in done.stdout
    assert "went on" not in done.stdout
