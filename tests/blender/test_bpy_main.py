"""The managed runtime against `blender`: the same command line, the same clean ends."""

import signal
import subprocess
import zipfile
from pathlib import Path

import pytest
from blendtorch import btt
from support import HANG_S
from support.runtimes import Runtime


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
        ((), "raise SystemExit", 0),
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


LEFT_OPEN = """
import atexit, os, sys, threading, time, zipfile
import bpy

class Told:
    # Also when nothing else is left.
    def __init__(self, text, write=os.write): self.text, self.write = text, write
    def __del__(self): self.write(1, self.text)

mine = Told(b"the script's own\\n")
# Only an interpreter that ends lets this go.
sys.kept_by_nobody = Told(b"taken apart\\n")
text = open(FOLDER + "/left open.txt", "w")
text.write("all of it")
archive = zipfile.ZipFile(FOLDER + "/left open.zip", "w")
archive.writestr("a", "b")
folder = bpy.app.tempdir
open(folder + "/mark", "w").close()
threading.Thread(target=lambda: (time.sleep(0.2), print("thread", flush=True))).start()
atexit.register(lambda: print("hook", bool(bpy.data.objects), flush=True))
print("folder", folder, flush=True)
sys.stderr.write("last words")
sys.exit("why")
"""


def test_a_script_may_leave_within_a_handler(bpy_runtime: Runtime, tmp_path: Path) -> None:
    """Regression: Blender takes Python apart then, and itself with it, while it calls the handler;
    that never came to its end."""
    code = """
import atexit, sys, bpy
from blendtorch import btb
kept = open(sys.argv[-1], "w")
kept.write("flushed")
atexit.register(print, "goodbye")
bpy.app.handlers.frame_change_post.append(lambda *_: sys.exit(3))
bpy.context.scene.frame_set(5)
print("went on")
"""
    file = tmp_path / "kept"
    done = bpy_runtime.run("--python", script(tmp_path, code), "--", file)
    assert done.returncode == 3, done.stderr
    assert "goodbye" in done.stdout and "went on" not in done.stdout
    assert file.read_text() == "flushed"


def test_an_end_is_pythons_but_for_the_interpreters(bpy_runtime: Runtime, tmp_path: Path) -> None:
    """Regression: some ordinary scenes never ended an instance: taking Blender's modules apart did
    not come to an end."""
    path = script(tmp_path, LEFT_OPEN.replace("FOLDER", repr(str(tmp_path))))
    done = bpy_runtime.run("--python", path)
    assert done.returncode == 1
    assert done.stderr.endswith("last wordswhy\n")
    (folder, *said) = done.stdout.splitlines()
    assert said == ["thread", "hook True", "the script's own"]
    assert (tmp_path / "left open.txt").read_text() == "all of it"
    assert zipfile.ZipFile(tmp_path / "left open.zip").read("a") == b"b"
    place = Path(folder.removeprefix("folder "))
    assert place.parts[-1].startswith("blender_") and not place.exists()


def test_output_that_cannot_be_written_is_an_error(bpy_runtime: Runtime, tmp_path: Path) -> None:
    path = script(tmp_path, "print('to nobody')")
    with open("/dev/full", "w") as full:
        command = bpy_runtime.command("--python", path)
        # Else it would be written at once, and `print` would raise.
        env = {**bpy_runtime.environment(), "PYTHONUNBUFFERED": ""}
        done = subprocess.run(command, env=env, stdout=full, timeout=HANG_S, check=False)
    assert done.returncode == 120


DRIVEN = """
def driven(opened):
    cube = bpy.data.objects["Cube"]
    if not opened:
        curve = cube.driver_add("location", 0)
        curve.driver.use_self = True
        # An attribute takes more than the arithmetic that is evaluated in any case.
        curve.driver.expression = "frame + len(self.name)"
    bpy.context.scene.frame_set(3)
    return round(cube.evaluated_get(bpy.context.evaluated_depsgraph_get()).location.x)

import os, tempfile
place = os.path.join(tempfile.mkdtemp(), "driven.blend")
print("factory", driven(False))
bpy.ops.wm.save_as_mainfile(filepath=place)
bpy.ops.wm.read_factory_settings()
print("read", driven(False))
bpy.ops.wm.open_mainfile(filepath=place)
bpy.data.objects["Cube"].name = "Dice!"
bpy.data.objects["Dice!"].name = "Cube"
print("opened", driven(True))
bpy.ops.wm.read_homefile(use_factory_startup=True)
print("home", driven(False))
bpy.data.objects["Cube"].driver_remove("location", 0)
bpy.app.driver_namespace.clear()
"""


def test_drivers_are_evaluated_in_every_scene_with_enable_autoexec(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Regression: the bpy module had evaluated none where the command line named no scene."""
    path = script(tmp_path, "import bpy\n" + DRIVEN)
    for options, value in (["--enable-autoexec"], 7), ([], 0):
        done = runtime.run("--factory-startup", *options, "--python", path)
        assert done.returncode == 0, done.stderr
        words = [line.split() for line in done.stdout.splitlines()]
        for scene in ("factory", "read", "opened", "home"):
            assert [scene, str(value)] in words, (options, scene, done.stdout + done.stderr)


def test_threads_are_those_of_every_scene(bpy_runtime: Runtime, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    code = f"""
import bpy
threads = [bpy.context.scene.render.threads]
bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})
bpy.ops.wm.read_factory_settings()
threads.append(bpy.context.scene.render.threads)
bpy.ops.wm.open_mainfile(filepath={str(scene)!r})
print("threads", *threads, bpy.context.scene.render.threads, bpy.context.scene.render.threads_mode)
"""
    done = bpy_runtime.run("--threads", "3", "--python", script(tmp_path, code))
    assert "threads 3 3 3 FIXED" in done.stdout.splitlines(), done.stdout + done.stderr


NEIGHBOUR = """
import os, sys
{before}
import neighbour
print("at", neighbour.WHERE, sys.path[0] == os.path.dirname(neighbour.__file__))
print("file", os.path.isabs(__file__), os.path.basename(__file__), os.path.isfile(__file__))
print("cwd", os.getcwd())
"""


def test_modules_beside_a_script_are_found_wherever_it_is_run(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Also through a link to the script: beside what it leads to, as Python has it."""
    folder, elsewhere = tmp_path / "scripts", tmp_path / "elsewhere"
    folder.mkdir(), elsewhere.mkdir()
    (folder / "neighbour.py").write_text("WHERE = 'beside'")
    (elsewhere / "neighbour.py").write_text("WHERE = 'elsewhere'")
    path = folder / "scene.py"
    path.write_text(NEIGHBOUR.format(before="from blendtorch import btb"))
    (elsewhere / "link.py").symlink_to(path)
    for given, name in (("../scripts/scene.py", "scene.py"), ("link.py", "link.py")):
        done = subprocess.run(
            runtime.command("--python-exit-code", "1", "--python", given),
            # As a shell has it: Blender believes PWD.
            env={**runtime.environment(), "PWD": str(elsewhere)},
            cwd=elsewhere,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        lines = done.stdout.splitlines()
        assert "at beside True" in lines
        assert f"file True {name} True" in lines
        assert f"cwd {elsewhere}" in lines


def test_the_launcher_lets_a_script_import_its_neighbours_first(
    runtime: Runtime, tmp_path: Path
) -> None:
    (tmp_path / "neighbour.py").write_text("WHERE = 'beside'")
    path = script(tmp_path, NEIGHBOUR.format(before="") + "open('neighbour found', 'w').close()")
    found = tmp_path / "found"
    path.write_text(path.read_text().replace("'neighbour found'", repr(str(found))))
    with btt.BlenderLauncher("", path, background=True, blender=runtime.place, proto="ipc") as bl:
        codes = bl.wait()
        said = "" if codes == [0] else bl.status()[0]["report"]
    assert codes == [0], said
    assert found.exists()


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
