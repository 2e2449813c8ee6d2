"""Launching from Python, with real Blender. Addresses are ipc where the port does not matter: those
cannot be taken by anybody else."""

import io
import os
import random
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from btb_support import Runtime, bpy_python
from btt_support import CUBE, HANG_S, LONG_MS, dataset, eventually, has_ended, run_python
from program_support import Run

SMALL = ["--width", "64", "--height", "48"]


def launcher(script: Path, runtime: Runtime | None = None, **options: Any) -> btt.BlenderLauncher:
    place = runtime.place if runtime else None
    return btt.BlenderLauncher(
        "", script, proto="ipc", seed=1, background=True, blender=place, **options
    )


def test_a_launch_info_is_saved_and_loaded(tmp_path: Path) -> None:
    info = btt.LaunchInfo({"DATA": ["tcp://127.0.0.1:1", "ipc:///tmp/ö"]}, ["blender --x 'a b'"])
    for path in (tmp_path / "info.json", str(tmp_path / "info 2.json")):
        btt.LaunchInfo.save_json(path, info)
        loaded = btt.LaunchInfo.load_json(path)
        assert (loaded.addresses, loaded.commands) == (info.addresses, info.commands)
    file = io.StringIO()
    btt.LaunchInfo.save_json(file, info)
    file.seek(0)
    assert btt.LaunchInfo.load_json(file).addresses == info.addresses


def test_a_fleet_lives_as_long_as_its_with_block(runtime: Runtime) -> None:
    before = launcher(CUBE, runtime, named_sockets=["DATA"])
    with pytest.raises(RuntimeError, match="with BlenderLauncher"):
        _ = before.launch_info
    with launcher(
        CUBE, runtime, num_instances=2, named_sockets=["DATA"], instance_args=[SMALL, SMALL]
    ) as bl:
        with pytest.raises(RuntimeError, match="run already"):
            bl.__enter__()
        addresses = bl.launch_info.addresses["DATA"]
        assert len(addresses) == len(set(addresses)) == len(bl.launch_info.commands) == 2
        pids = [status["pid"] for status in bl.status()]
        items = iter(dataset(*addresses))
        seen = set()
        while seen != {0, 1}:
            item = next(items)
            assert item["image"].shape == (48, 64, 3)
            seen.add(item["btid"])
        bl.assert_alive()

        os.kill(pids[0], signal.SIGKILL)
        eventually("the first instance is seen dead", lambda: not bl.status()[0]["running"])
        with pytest.raises(btt.LaunchError, match=r"(?s)1 of 2 .*instance 0 .*SIGKILL"):
            bl.assert_alive()
        # The other one goes on: more comes of it than the queues can have held.
        for _ in range(100):
            while next(items)["btid"] == 0:
                pass
    assert all(has_ended(pid) for pid in pids)


def test_wait_returns_when_the_scenes_have_ended(runtime: Runtime) -> None:
    with launcher(
        CUBE, runtime, named_sockets=["DATA"], instance_args=[[*SMALL, "--episodes", "1"]]
    ) as bl:
        frames: list[int] = []
        items = dataset(*bl.launch_info.addresses["DATA"])
        thread = threading.Thread(target=lambda: frames.extend(i["frameid"] for i in items))
        thread.start()
        assert bl.wait() == [0]
        thread.join()
        (status,) = bl.status()
        assert (status["running"], status["exit_code"], status["failed"]) == (False, 0, False)
    assert frames == list(range(1, 101))


def test_a_script_that_raises_is_reported_with_its_traceback(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = tmp_path / "scene.py"
    script.write_text("import bpy\n1 / 0\n")
    with launcher(script, runtime) as bl:
        assert bl.wait() == [1]
        with pytest.raises(btt.LaunchError, match=r"(?s)exit code 1.*line 2.*ZeroDivisionError"):
            bl.assert_alive()


def test_wait_reports_exit_codes_and_signals(runtime: Runtime, tmp_path: Path) -> None:
    script = tmp_path / "scene.py"
    script.write_text(
        "import os, signal, sys\n"
        "if sys.argv[sys.argv.index('-btid') + 1] == '0':\n"
        "    sys.exit(int(os.environ['ENDS_WITH']))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    logs = tmp_path / "logs"
    with launcher(script, runtime, num_instances=2, env={"ENDS_WITH": "7"}, log_dir=logs) as bl:
        assert bl.wait() == [7, -signal.SIGKILL]
        with pytest.raises(btt.LaunchError, match=r"(?s)2 of 2 .*exit code 7.*SIGKILL"):
            bl.assert_alive()
    for i in range(2):
        assert f"-btid {i} " in (logs / f"instance-{i}.log").read_text()


def test_ports_are_counted_by_socket_and_instance(tmp_path: Path) -> None:
    script = tmp_path / "scene.py"
    script.write_text("import time\ntime.sleep(1000)\n")
    for _ in range(20):
        # Below the ports that the system gives out by itself; another program may have them.
        first = random.randrange(20_000, 30_000)
        bl = btt.BlenderLauncher(
            None, script, 2, ["A", "B"], start_port=first, background=True, seed=1
        )
        try:
            bl.__enter__()
        except btt.LaunchError as error:
            if "occupied" not in str(error):
                raise
            continue
        with bl_entered(bl):
            assert bl.launch_info.addresses == {
                "A": [f"tcp://127.0.0.1:{first}", f"tcp://127.0.0.1:{first + 1}"],
                "B": [f"tcp://127.0.0.1:{first + 2}", f"tcp://127.0.0.1:{first + 3}"],
            }
        return
    raise AssertionError("no four free ports in a row were found")


class bl_entered:  # noqa: N801
    """Leaves a launcher that was entered already."""

    def __init__(self, bl: btt.BlenderLauncher) -> None:
        self.bl = bl

    def __enter__(self) -> None:
        return

    def __exit__(self, *raised: Any) -> None:
        self.bl.__exit__(*raised)


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
publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid=1)
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
    assert run_python(code, python=bpy_python()) == "[[0, 1, 2]]\nNo module named 'torch'\n"


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
