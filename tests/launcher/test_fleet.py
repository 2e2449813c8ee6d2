"""Statement 6 of the contract, and more: the life of a fleet, seen by who launched it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from blendtorch import btt
from support import CUBE, HANG_S
from support.fleets import SMALL, WAITS, launcher, written
from support.processes import eventually, has_ended
from support.programs import Run, installed
from support.runtimes import Runtime
from support.streams import dataset


def test_conformance_6_a_fleet_lives_as_long_as_its_with_block(runtime: Runtime) -> None:
    bl = launcher(
        CUBE, runtime, num_instances=2, named_sockets=["DATA"], instance_args=[SMALL, SMALL]
    )
    with pytest.raises(RuntimeError, match="with BlenderLauncher"):
        _ = bl.launch_info
    with bl as entered:
        assert entered is bl
        addresses = bl.launch_info.addresses["DATA"]
        assert len(addresses) == len(set(addresses)) == len(bl.launch_info.commands) == 2
        pids = [status["pid"] for status in bl.status()]
        seen = set()
        for item in dataset(*addresses):
            assert item["image"].shape == (48, 64, 3)
            seen.add(item["btid"])
            if seen == {0, 1}:
                break
        bl.assert_alive()
    assert all(has_ended(pid) for pid in pids)


def test_conformance_6_entering_twice_is_refused(tmp_path: Path) -> None:
    with launcher(written(tmp_path, WAITS)) as bl:
        with pytest.raises(RuntimeError, match="run already"):
            bl.__enter__()
        bl.assert_alive()  # and disturbs nothing


def test_conformance_6_assert_alive_raises_when_one_has_ended(tmp_path: Path) -> None:
    with launcher(written(tmp_path, WAITS), num_instances=2, restart="never") as bl:
        bl.assert_alive()
        os.kill(bl.status()[0]["pid"], signal.SIGKILL)
        eventually("the first instance is seen dead", lambda: not bl.status()[0]["running"])
        with pytest.raises(btt.LaunchError, match=r"(?s)1 of 2 .*instance 0 .*SIGKILL"):
            bl.assert_alive()
        assert bl.status()[1]["running"]


# Both its process and a child of it: this one answers SIGTERM by writing a file, or ignores it.
WITH_CHILD = """
import subprocess, sys, time
from pathlib import Path
from blendtorch import btb

args, (folder, answer) = btb.parse_blendtorch_args()
note = f"{folder}/asked-{args.btid}"
trap = "trap '' TERM" if answer == "ignore" else f"trap 'echo > {note}; exit' TERM"
child = subprocess.Popen(["sh", "-c", f"{trap}; echo ready; while :; do sleep 0.05; done"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
Path(f"{folder}/child-{args.btid}.new").write_text(str(child.pid))
Path(f"{folder}/child-{args.btid}.new").rename(f"{folder}/child-{args.btid}")
time.sleep(1000)
"""


def test_conformance_6_leaving_asks_and_then_kills_children_too(
    runtime: Runtime, tmp_path: Path
) -> None:
    own = [[str(tmp_path), answer] for answer in ("answer", "ignore")]
    with launcher(written(tmp_path, WITH_CHILD), runtime, num_instances=2, instance_args=own) as bl:
        files = [tmp_path / f"child-{i}" for i in range(2)]
        eventually("both have a child", lambda: all(f.exists() for f in files))
        pids = [int(f.read_text()) for f in files] + [s["pid"] for s in bl.status()]
        assert not any(map(has_ended, pids))
    eventually("all have ended", lambda: all(map(has_ended, pids)))
    assert (tmp_path / "asked-0").exists(), "SIGTERM comes first"


def test_conformance_6_wait_returns_when_the_scenes_have_ended_and_that_is_clean(
    runtime: Runtime,
) -> None:
    own = [[*SMALL, "--episodes", "1"]]
    with launcher(CUBE, runtime, named_sockets=["DATA"], instance_args=own) as bl:
        frames: list[int] = []
        items = dataset(*bl.launch_info.addresses["DATA"])
        thread = threading.Thread(target=lambda: frames.extend(i["frameid"] for i in items))
        thread.start()
        assert bl.wait() == [0]
        thread.join()
        (status,) = bl.status()
        assert (status["running"], status["exit_code"], status["failed"]) == (False, 0, False)
    assert frames == list(range(1, 101))


# A user's program, killed while its fleet runs.
USER = """
import sys, time
from blendtorch import btt

with btt.BlenderLauncher(
    "", sys.argv[1], 2, proto="ipc", background=True, instance_args=[[sys.argv[2], "ignore"]] * 2
) as bl:
    print("pids", *(status["pid"] for status in bl.status()), flush=True)
    time.sleep(1000)
"""


def test_conformance_7_killing_the_launching_program_leaves_no_orphan(tmp_path: Path) -> None:
    words = [sys.executable, "-P", "-c", USER, written(tmp_path, WITH_CHILD), tmp_path]
    with Run(words, tmp_path / "said") as run:
        eventually("it has launched", lambda: run.says("pids .*\n"))
        files = [tmp_path / f"child-{i}" for i in range(2)]
        eventually("both have a child", lambda: all(f.exists() for f in files))
        run.process.kill()
        said = next(line for line in run.said().splitlines() if line.startswith("pids "))
    pids = [int(word) for word in said.split()[1:]] + [int(f.read_text()) for f in files]
    for pid in pids:
        eventually(f"process {pid} has ended", lambda pid=pid: has_ended(pid))


def test_ctrl_c_on_the_console_script_ends_it_without_a_traceback(tmp_path: Path) -> None:
    """Regression: Python raised KeyboardInterrupt once the fleet had ended."""
    (tmp_path / "scene.py").write_text("import time\nprint('runs', flush=True)\ntime.sleep(1000)\n")
    (tmp_path / "launch.json").write_text('{"script": "scene.py", "background": true}')
    program = installed("blendtorch-launch")
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
