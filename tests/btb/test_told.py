"""What an instance says of itself without being asked: its errors, its folders; and who is none."""

import os
import sys
from pathlib import Path

from support.control import PID, Launcher, Page
from support.processes import run_python
from support.runtimes import Runtime


def test_an_error_that_leaves_a_script_is_told(runtime: Runtime, tmp_path: Path) -> None:
    code = """
def fails(*_): 1 / 0
bpy.app.handlers.frame_change_post.append(fails)
bpy.context.scene.frame_set(2)
bpy.app.handlers.frame_change_post.remove(fails)
raise LookupError("no such mesh")
"""
    with Launcher(tmp_path) as launcher:
        launcher.start(runtime.script_command(tmp_path, code), runtime.environment())
        code, said = launcher.ends()
        assert code == 1 and "ZeroDivisionError" in said
        # What Blender prints of a handler's and goes on has not ended it.
        (error,) = launcher.errors
        assert "script.py" in error and error.endswith("LookupError: no such mesh\n")


def test_an_instance_of_the_module_is_known_that_never_imports_btb(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    script = tmp_path / "scene.py"
    script.write_text("raise SystemExit(3)")
    with Launcher(tmp_path) as launcher:
        launcher.start(bpy_runtime.command("--python", script))
        launcher.until("it has said who it is", lambda: launcher.about["runtime"] == "bpy")
        assert launcher.ends()[0] == 3 and launcher.errors == []


FOLDERS = """
import os, sys
from blendtorch.btb.folder import RenderFolder
one, another, kept = [RenderFolder(3, keep) for keep in (False, False, True)]
os.rmdir(kept.path)
sys.stdin.readline()
del another
sys.stdin.readline()
"""


def test_folders_that_are_to_go_with_it_are_told(tmp_path: Path) -> None:
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", FOLDERS])
        launcher.until("it has both", lambda: len(launcher.about["folders"]) == 2)
        one, another = map(Path, launcher.about["folders"])
        assert one.is_dir() and another.is_dir()
        launcher.say("remove one")
        launcher.until("it is gone", lambda: launcher.about["folders"] == [str(one)])
        assert not another.exists()
        launcher.say("end")
        assert launcher.ends() == (0, "")
        assert launcher.about["folders"] == [] and not one.exists()


CHILDREN = """
import os, subprocess, sys
from blendtorch import btb
from blendtorch.btb import instance
if len(sys.argv) > 1:
    print("life", instance.life(), instance.has_line(), flush=True)
    sys.exit()
print(sorted(name for name in os.environ if name in ("BLENDTORCH_PAGE", "BLENDTORCH_CONTROL",
                                                     "BLENDTORCH_LIFE")), flush=True)
subprocess.run([sys.executable, "-P", "-c", sys.argv[0] or open(0).read(), "child"], check=True)
if os.fork() == 0:
    btb.parameters.add("child", 1)
    print("fork", instance.life(), instance.has_line(), instance.about(), flush=True)
    sys.exit(0)
os.wait()
btb.parameters.add("own", 1)
"""


def test_what_a_script_starts_is_no_instance(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CHILDREN.replace("sys.argv[0] or open(0).read()", "open(__file__).read()"))
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        launcher.life = 1
        launcher.start([sys.executable, "-P", script])
        code, said = launcher.ends()
        assert (code, said) == (0, "[]\nlife 1 False\nfork 2 False {}\n")
        assert list(launcher.about["parameters"]) == ["own"]
        assert launcher.process is not None and page[PID] == launcher.process.pid
    page.close()


def test_a_launcher_that_cannot_be_told_is_said_once_and_nothing_else_happens() -> None:
    code = """
import os, sys
os.environ.update(BLENDTORCH_PAGE="/nowhere", BLENDTORCH_CONTROL="/nowhere/control")
os.dup2(1, 2)
from blendtorch import btb
btb.parameters.add("it", 1)
print("went on")
"""
    said = run_python(code).splitlines()
    assert [line.split(":")[0] for line in said] == ["blendtorch", "blendtorch", "went on"]
    assert "/nowhere" in said[0] and "/nowhere/control" in said[1]
    assert "BLENDTORCH_CONTROL" not in os.environ
