"""The managed runtime: the command line of `blender`, and clean ends."""

import signal
import subprocess
from pathlib import Path

import pytest
from btb_support import HANG_S, bpy_main, command


def script(tmp_path: Path, code: str) -> Path:
    path = tmp_path / "scene script.py"
    path.write_text(code)
    return path


def test_a_script_is_run_as_blender_runs_it(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
import atexit, multiprocessing, sys
import bpy
print("name", __name__, __file__ in sys.argv, sys.modules["__main__"].__dict__ is globals())
print("argv", sys.argv[1:])
print("scene", sorted(o.name for o in bpy.data.objects), bpy.app.background)
atexit.register(print, "goodbye")
""",
    )
    args = ("--python-use-system-env", "--enable-autoexec", "--python-exit-code", "9")
    done = bpy_main(*args, "--python", path, "--", "-btid", "1", "--python", "x")
    assert done.returncode == 0, done.stderr
    said = [line.split(" ", 1) for line in done.stdout.splitlines() if " " in line]
    given = ["--background", *args, "--python", str(path), "--", "-btid", "1", "--python", "x"]
    assert ["name", "__main__ True True"] in said
    assert ["argv", str(given)] in said
    assert ["scene", "['Camera', 'Cube', 'Light'] True"] in said
    assert done.stdout.rstrip().endswith("goodbye")


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        ((), "1 / 0", 1),
        (("--python-exit-code", "7"), "1 / 0", 7),
        (("--python-exit-code", "7"), "import sys; sys.exit(3)", 3),
        ((), "import sys; sys.exit(0)", 0),
        ((), "this is no Python", 1),
    ],
)
def test_exit_codes(tmp_path: Path, options: tuple[str, ...], code: str, expected: int) -> None:
    path = script(tmp_path, f"import atexit; atexit.register(print, 'hook')\n{code}")
    done = bpy_main(*options, "--python", path)
    assert done.returncode == expected
    if code == "1 / 0":
        assert "hook" in done.stdout
        assert "ZeroDivisionError" in done.stderr
        assert f'"{path}", line 2' in done.stderr
        assert "bpy_main.py" not in done.stderr, "the traceback must begin in the script"


def test_a_scene_is_opened_before_its_script(tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    save = (
        "import bpy; bpy.data.objects['Cube'].name = 'Kept'; "
        f"bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    )
    assert bpy_main("--python-expr", save).returncode == 0
    path = script(tmp_path, "import bpy; print('there', 'Kept' in bpy.data.objects)")
    done = bpy_main(scene, "--python", path)
    assert (done.returncode, "there True" in done.stdout) == (0, True), done.stderr


def test_wrong_command_lines_are_explained(tmp_path: Path) -> None:
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
        done = bpy_main(*args)
        assert done.returncode != 0
        assert message in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_at_once(tmp_path: Path, ending: signal.Signals) -> None:
    path = script(tmp_path, "print('ready', flush=True)\nwhile True: pass")
    with subprocess.Popen(command("--python", path), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            while process.stdout.readline() not in ("ready\n", ""):
                pass
            process.send_signal(ending)
            assert process.wait(HANG_S) == -ending
        finally:
            process.kill()
