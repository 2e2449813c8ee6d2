"""Services: what others call in a script, and what they are answered."""

import sys
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btb
from blendtorch.btb.service import Services
from support.control import Launcher, Page
from support.processes import eventually
from support.runtimes import Runtime

SCRIPT = """
import sys
import numpy as np
from blendtorch import btb

def save(path, scale=1.0):
    return {"path": path, "scale": scale}

def fail(why):
    raise ValueError(why)

btb.services.register(
    "scene", save=save, fail=fail, leave=lambda: sys.exit("enough"), nothing=lambda: None,
    arrays=lambda: [np.arange(3), np.float32(0.5), (np.bool_(True), {"a": np.zeros((2, 1))})],
    echo=lambda value: value, nan=lambda: {"a": [1, float("nan")]}, thing=lambda: [object()],
    key=lambda: {1: 2}, name=lambda: b"\\xff".decode("utf-8", "surrogateescape"), most=max,
)
btb.serve()
print("done")
"""

REFUSED: list[tuple[str, Any, str, list[str]]] = [
    ("fail", {"why": "no such mesh"}, "failed", ["in fail", "ValueError: no such mesh"]),
    ("save", {}, "value", ["missing a required argument: 'path'", "(path, scale=1.0)"]),
    ("save", {"path": 1, "file": 2}, "value", ["unexpected keyword argument 'file'"]),
    ("nothing", 3, "value", ["too many positional arguments", "it takes ()"]),
    ("nan", None, "failed", ["the result of scene.nan['a'][1] is nan"]),
    ("thing", None, "failed", ["the result of scene.thing[0] is object: only None, bool"]),
    ("key", None, "failed", ["has the key 1: keys must be texts"]),
    ("name", None, "failed", ["holds a text that is none"]),
    ("most", 3, "failed", ["'int' object is not iterable"]),
    ("open", None, "unknown", ["has no function 'open'; it has: save"]),
]

ANSWERED: list[tuple[str, Any, Any]] = [
    ("save", {"path": "a", "scale": 2}, {"path": "a", "scale": 2}),
    ("save", "a", {"path": "a", "scale": 1.0}),
    ("nothing", None, None),
    ("nothing", {}, None),
    ("echo", [1, None, "ü"], [1, None, "ü"]),
    ("arrays", None, [[0, 1, 2], 0.5, [True, {"a": [[0.0], [0.0]]}]]),
    ("most", [1, 3, 2], 3),
]


def test_calls_are_answered_and_an_error_does_not_end_the_script(tmp_path: Path) -> None:
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", SCRIPT])
        launcher.until("it serves", lambda: launcher.about["services"])
        for name, arguments, kind, says in REFUSED:
            refusal = launcher.outcome(launcher.call("scene", name, arguments))["Err"]
            assert refusal["kind"] == kind, (name, refusal)
            assert all(text in refusal["message"] for text in says), (name, refusal)
        for name, arguments, value in ANSWERED:
            assert launcher.outcome(launcher.call("scene", name, arguments)) == {"Ok": value}, name
        # From the function's own first line on.
        message = launcher.outcome(launcher.call("scene", "fail", "no"))["Err"]["message"]
        assert "service.py" not in message
        launcher.stop()
        assert launcher.ends() == (0, "done\n")


def test_a_service_that_leaves_the_script_ends_it_and_is_answered(tmp_path: Path) -> None:
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", SCRIPT])
        launcher.until("it serves", lambda: launcher.about["services"])
        call = launcher.call("scene", "leave")
        assert "SystemExit: enough" in launcher.outcome(call)["Err"]["message"]
        code, said = launcher.ends()
        assert code == 1 and "enough" in said and launcher.errors == []


@pytest.mark.parametrize(
    ("error", "says", "service", "functions"),
    [
        (ValueError, "needs functions", "scene", {}),
        (TypeError, "save is no function, but 3", "scene", {"save": 3}),
        (ValueError, "must be a text", "", {"save": print}),
    ],
)
def test_what_is_no_service_is_refused(
    error: type[Exception], says: str, service: str, functions: dict[str, Any]
) -> None:
    with pytest.raises(error, match=says):
        Services().register(service, **functions)


def test_without_a_launcher_nobody_is_waited_for() -> None:
    with pytest.warns(RuntimeWarning, match="not started by a launcher"):
        btb.serve()


UNTIL = """
from blendtorch import btb
turns = []
btb.services.register("test", turns=lambda: turns.append(1))
btb.serve(until=lambda: len(turns) == 2)
print(len(turns))
"""


def test_serving_lasts_until_the_script_has_enough_and_is_no_rendering(tmp_path: Path) -> None:
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        launcher.start([sys.executable, "-P", "-c", UNTIL])
        eventually("it waits", lambda: page.state == "waiting_for_request")
        calls = [launcher.call("test", "turns") for _ in range(2)]
        assert [launcher.outcome(call) for call in calls] == [{"Ok": None}] * 2
        assert launcher.ends() == (0, "2\n")
        assert page.state == "quiet"
    page.close()


def test_a_loop_around_serving_ends_too(tmp_path: Path) -> None:
    code = """
from blendtorch import btb
btb.services.register("test", nothing=print)
while True:
    btb.serve()
    print("again")
"""
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", code])
        launcher.stop()
        assert launcher.ends() == (0, "again\nagain\n")


BLENDER = """
from mathutils import Matrix, Vector

cube = bpy.data.objects["Cube"]
heights = []
btb.parameters.add("height", 0.0, on_change=lambda value: setattr(cube.location, "z", value))
btb.services.register("cube", at=lambda: cube.location, matrix=lambda: cube.matrix_world,
                      count=lambda: dict(objects=len(bpy.data.objects), colour=cube.color))
anim = btb.AnimationController()
anim.post_frame.add(lambda: heights.append(cube.matrix_world.translation.z))
anim.pre_frame.add(lambda: sys.stdin.readline() if anim.index == 1 else None)
anim.play((1, 3), num_episodes=1)
report(heights=heights)
"""


def test_a_scene_is_asked_and_changed_between_frames(runtime: Runtime, tmp_path: Path) -> None:
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        command = runtime.script_command(tmp_path, BLENDER)
        launcher.start(command, runtime.environment())
        eventually("it is at its second frame", lambda: page.place == (0, 1))
        launcher.until("it is known", lambda: launcher.about["services"])
        launcher.set(height=2)
        calls = [launcher.call("cube", name) for name in ("at", "matrix", "count")]
        launcher.tell("status")
        launcher.say("go on")
        at, matrix, count = (launcher.outcome(call)["Ok"] for call in calls)
        # The parameter is there; what follows from it is evaluated with the next frame.
        assert at == [0, 0, 2]
        assert [len(row) for row in matrix] == [4] * 4 and matrix[2][3] == 0
        assert count == {"objects": 3, "colour": [1, 1, 1, 1]}
        assert launcher.reported()["heights"] == [0, 0, 2]
    page.close()
