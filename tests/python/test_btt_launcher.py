"""Launching from Python, beyond the contract's own statements (`tests/conformance`)."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from blendtorch import btt
from btb_support import bpy_python
from btt_support import CUBE, HANG_S, LONG_MS, eventually, run_python
from program_support import Run


def test_wrong_descriptions_are_explained() -> None:
    for options, message in [
        ({"script": "nowhere.py"}, "nowhere.py"),
        ({"script": CUBE, "num_instances": 0}, "num_instances"),
        ({"script": CUBE, "proto": "udp"}, "proto"),
        ({"script": CUBE, "instance_args": [["a"], ["b"]]}, "instance_args"),
        ({"script": CUBE, "env": {"": "a"}}, "env"),
        ({"script": CUBE, "blender": "bpy", "blend_path": "/opt"}, "blend_path"),
    ]:
        bl = btt.BlenderLauncher(scene=None, background=True, **options)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=message), bl:
            pass


def test_discover_blender_finds_the_one_that_runs() -> None:
    found = btt.discover_blender()
    assert found is not None, "no Blender: run `make setup`"
    assert Path(found["path"]).exists()
    assert (found["major"], found["minor"]) >= (3, 4)


def test_btt_works_in_blenders_python_without_torch() -> None:
    code = f"""
import importlib.util, threading
import numpy as np
assert importlib.util.find_spec("torch") is None
from blendtorch import btb, btt
publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid=1, lingerms={LONG_MS})
thread = threading.Thread(target=lambda: (publisher.publish(a=np.arange(3)), publisher.close()))
thread.start()
dataset = btt.RemoteIterableDataset([publisher.address], timeoutms={LONG_MS})
print([item["a"].tolist() for item in dataset])
thread.join()
try:
    next(iter(btt.DataLoader(dataset)))
except ModuleNotFoundError as error:
    print(error)
"""
    said = run_python(code, python=bpy_python())
    assert said.startswith("[[0, 1, 2]]\nbtt.DataLoader makes torch tensors, and torch is not"), (
        said
    )
    assert "pip install torch" in said


def test_ctrl_c_on_the_console_script_ends_it_without_a_traceback(tmp_path: Path) -> None:
    """Regression: Python raised KeyboardInterrupt once the fleet had ended."""
    (tmp_path / "scene.py").write_text("import time\nprint('runs', flush=True)\ntime.sleep(1000)\n")
    (tmp_path / "launch.json").write_text('{"script": "scene.py", "background": true}')
    program = Path(sys.executable).with_name("blendtorch-launch")
    with Run([program, tmp_path / "launch.json"], tmp_path / "said", cwd=tmp_path) as run:
        eventually("the instance runs", lambda: run.says(r"\[0\] runs"))
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(HANG_S) == 130, run.said()
    assert "stopped; 1 instance ended" in run.said()
    assert "Traceback" not in run.said()


def test_the_processes_of_a_launch_answer_as_popens_do(tmp_path: Path) -> None:
    """The original's `launch_info.processes`."""
    script = tmp_path / "scene.py"
    script.write_text(
        "import sys, time\nif sys.argv[sys.argv.index('-btid') + 1] == '0': sys.exit(3)\n"
        "print('runs', flush=True)\ntime.sleep(1000)\n"
    )
    with btt.BlenderLauncher("", script, 2, background=True, blender="bpy", proto="ipc") as bl:
        assert bl.launch_info.processes is not None
        first, second = bl.launch_info.processes
        assert first.wait(HANG_S) == first.poll() == first.returncode == 3
        assert second.poll() is None and second.pid != first.pid
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(0.01)
        second.terminate()
        assert second.wait(HANG_S) == second.poll() == -signal.SIGTERM
        second.kill()  # of one that is gone: nothing
        commands, processes = bl.launch_info.commands, bl.launch_info.processes
        assert [p.args for p in processes] == commands
    assert btt.LaunchInfo({}, []).processes is None
