"""The managed runtime against `blender`: the same command line, the same clean ends."""

import signal
import subprocess
from pathlib import Path

import pytest
from btb_support import HANG_S, Runtime


def script(tmp_path: Path, code: str) -> Path:
    path = tmp_path / "scene script.py"
    path.write_text(code)
    return path


def test_a_script_is_run_as_blender_runs_it(runtime: Runtime, tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
import atexit, sys
import bpy
print("name", __name__, __file__ in sys.argv, sys.modules["__main__"].__dict__ is globals())
print("argv", sys.argv[1:])
print("scene", sorted(o.name for o in bpy.data.objects), bpy.app.background)
atexit.register(print, "goodbye")
""",
    )
    args = ("--factory-startup", "--enable-autoexec", "--python-exit-code", "9")
    done = runtime.run(*args, "--python", path, "--", "-btid", "1", "--python", "x")
    assert done.returncode == 0, done.stderr
    said = [line.split(" ", 1) for line in done.stdout.splitlines() if " " in line]
    options = runtime.words[runtime.words.index("--background") :]
    given = [*options, *args, "--python", str(path), "--", "-btid", "1", "--python", "x"]
    assert ["name", "__main__ True True"] in said
    assert ["argv", str(given)] in said
    assert ["scene", "['Camera', 'Cube', 'Light'] True"] in said
    assert "goodbye" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (("--python-exit-code", "7"), "1 / 0", 7),
        (("--python-exit-code", "7"), "import sys; sys.exit(3)", 3),
        ((), "import sys; sys.exit(0)", 0),
        (("--python-exit-code", "1"), "this is no Python", 1),
    ],
)
def test_exit_codes(
    runtime: Runtime, tmp_path: Path, options: tuple[str, ...], code: str, expected: int
) -> None:
    path = script(tmp_path, f"import atexit; atexit.register(print, 'hook')\n{code}")
    done = runtime.run(*options, "--python", path)
    assert done.returncode == expected
    if code == "1 / 0":
        assert "hook" in done.stdout
        said = done.stdout + done.stderr
        assert "ZeroDivisionError" in said
        assert f'"{path}", line 2' in said
        assert "bpy_main.py" not in said, "the traceback must begin in the script"


def test_a_script_that_raises_fails_without_being_asked(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    assert bpy_runtime.run("--python", script(tmp_path, "1 / 0")).returncode == 1


def test_a_scene_is_opened_before_its_script(runtime: Runtime, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    save = (
        "import bpy; bpy.data.objects['Cube'].name = 'Kept'; "
        f"bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    )
    assert runtime.run("--factory-startup", "--python-expr", save).returncode == 0
    path = script(tmp_path, "import bpy; print('there', 'Kept' in bpy.data.objects)")
    done = runtime.run(scene, "--python", path)
    assert (done.returncode, "there True" in done.stdout) == (0, True), done.stderr


def test_wrong_command_lines_are_explained(bpy_runtime: Runtime, tmp_path: Path) -> None:
    broken = tmp_path / "broken.blend"
    broken.write_bytes(b"this is not a scene")
    for args, message in [
        ((tmp_path / "none.blend",), "no such scene file"),
        ((broken,), "cannot open"),
        (("--python", tmp_path / "none.py"), "no such script"),
        (("--python",), "--python needs a value"),
        (("--pyton", "x.py"), "unknown option '--pyton'"),
        (("--python-exit-code", "many"), "needs a whole number"),
    ]:
        done = bpy_runtime.run(*args)
        assert done.returncode != 0
        assert message in done.stderr
        assert "Traceback" not in done.stderr


WAITS = {
    "a loop": "while True: pass",
    "a publisher": """
pub = btb.DataPublisher("tcp://127.0.0.1:0", 0)
while True: pub.publish(a=1)
""",
}


@pytest.mark.parametrize(
    ("ending", "where"),
    [
        (signal.SIGINT, "a loop"),
        (signal.SIGINT, "a publisher"),
        (signal.SIGTERM, "a publisher"),
    ],
)
def test_signals_end_it_at_once(
    runtime: Runtime, tmp_path: Path, ending: signal.Signals, where: str
) -> None:
    # Blender takes SIGINT for itself until btb is imported.
    code = f"from blendtorch import btb\nprint('ready', flush=True)\n{WAITS[where]}"
    command = runtime.command("--python", script(tmp_path, code))
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=runtime.environment(), stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            while process.stdout.readline() not in ("ready\n", ""):
                pass
            process.send_signal(ending)
            assert process.wait(HANG_S) == -ending
        finally:
            process.kill()


@pytest.mark.parametrize(
    "left",
    [
        "import multiprocessing\nfrom blendtorch import btb",
        "from blendtorch import btb\nimport multiprocessing.pool",
        "from blendtorch import btb\nbpy.app.handlers.frame_change_post.append(lambda *_: None)",
        "from blendtorch import btb\nbpy.app.timers.register(lambda: 1.0, persistent=True)",
    ],
)
def test_what_a_script_leaves_behind_does_not_spoil_its_end(
    runtime: Runtime, tmp_path: Path, left: str
) -> None:
    path = script(tmp_path, f"import bpy\n{left}\nprint('done', flush=True)")
    done = runtime.run("--factory-startup", "--python", path)
    assert "done" in done.stdout.splitlines(), done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Not freed" not in done.stdout + done.stderr


def test_a_scene_runs_its_own_scripts_wherever_the_option_stands(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Regression: with the scene named before `--enable-autoexec`, as the launcher writes it, the
    bpy module had not run them."""
    scene = tmp_path / "scene.blend"
    save = f"""
import bpy
text = bpy.data.texts.new("start.py")
text.write("print('the scene speaks')")
text.use_module = True
bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})
"""
    assert runtime.run("--python-expr", save).returncode == 0
    for options, speaks in [
        ([scene, "--enable-autoexec"], True),
        (["--enable-autoexec", scene], True),
        ([scene, "--disable-autoexec"], False),
    ]:
        done = runtime.run(*options, "--python-expr", "print('done')")
        assert done.returncode == 0 and "done" in done.stdout, done.stderr
        assert ("the scene speaks" in done.stdout) is speaks, options
