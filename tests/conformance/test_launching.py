"""Statements 1 to 7 of the contract: launching. What needs no Blender is in `launcher/tests`, under
the same names."""

import inspect
import io
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btb, btt
from btb_support import Runtime
from btt_support import CUBE, dataset, eventually, has_ended
from hosts_support import Hosts, needs_hosts
from program_support import Run

SMALL = ["--width", "64", "--height", "48"]

# What an instance is told, written by the instance itself into the folder that its first own
# argument names.
TELLS = """
import json, os, sys
from pathlib import Path
import bpy
from blendtorch import btb

args, remainder = btb.parse_blendtorch_args()
told = dict(
    words=Path("/proc/self/cmdline").read_bytes().decode().split("\\0")[:-1],
    pid=os.getpid(),
    group=os.getpgid(0),
    seed=args.btseed,
    sockets=args.btsockets,
    scene=bpy.data.filepath,
    background=bpy.app.background,
)
path = Path(remainder[0]) / f"told-{args.btid}"
path.with_suffix(".new").write_text(json.dumps(told))
path.with_suffix(".new").rename(path)
sys.exit(0)  # a Blender with a window would stay
"""

WAITS = "import time\ntime.sleep(1000)\n"


def write(tmp_path: Path, code: str) -> Path:
    script = tmp_path / "scene script.py"
    script.write_text(code)
    return script


def launcher(script: Path, runtime: Runtime | None = None, **options: Any) -> btt.BlenderLauncher:
    """ipc where the port does not matter: such an address cannot be taken by anybody else."""
    place = runtime.place if runtime else None
    defaults = {"proto": "ipc", "seed": 1, "background": True, "blender": place}
    return btt.BlenderLauncher(**{"scene": "", "script": script, **defaults, **options})


def told(
    tmp_path: Path, runtime: Runtime | None = None, instances: int = 1, **options: Any
) -> tuple[btt.LaunchInfo, list[dict[str, Any]]]:
    """The launch info, and what each instance says it was told."""
    own = options.pop("instance_args", [[]] * instances)
    options["instance_args"] = [[str(tmp_path), *args] for args in own]
    script = write(tmp_path, TELLS)
    with launcher(script, runtime, num_instances=instances, **options) as bl:
        assert bl.wait() == [0] * instances, [status["report"] for status in bl.status()]
        files = [tmp_path / f"told-{i}" for i in range(instances)]
        return bl.launch_info, [json.loads(file.read_text()) for file in files]


def test_conformance_1_arguments_and_defaults_are_the_originals() -> None:
    parameters = inspect.signature(btt.BlenderLauncher).parameters.values()
    by_position = {
        p.name: p.default for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }
    empty = inspect.Parameter.empty
    assert list(by_position.items()) == [
        ("scene", empty),
        ("script", empty),
        ("num_instances", 1),
        ("named_sockets", None),
        ("start_port", 11000),
        ("bind_addr", "127.0.0.1"),
        ("instance_args", None),
        ("proto", "tcp"),
        ("blend_path", None),
        ("seed", None),
        ("background", False),
    ]


def test_conformance_1_an_instance_is_run_with_this_command_line(
    runtime: Runtime, tmp_path: Path
) -> None:
    scene = tmp_path / "a room.blend"
    save = f"import bpy; bpy.ops.wm.save_as_mainfile(filepath={str(scene)!r})"
    assert runtime.run("--python-expr", save).returncode == 0
    info, (_, second) = told(
        tmp_path,
        runtime,
        2,
        scene=scene,
        seed=5,
        named_sockets=["DATA", "CTRL"],
        instance_args=[[], ["--lr", "it's", "x=1"]],
    )
    # The module's own words stand where a program has its name.
    words = second["words"][second["words"].index(str(scene)) :]
    code = words.index("--python-exit-code")  # ours: else Blender ends with 0 after an error
    assert words[code : code + 2] == ["--python-exit-code", "1"]
    del words[code : code + 2]
    assert words == [
        str(scene),
        "--background",
        "--python-use-system-env",
        "--enable-autoexec",
        "--python",
        str(tmp_path / "scene script.py"),
        "--",
        *("-btid", "1"),
        *("-btseed", "6"),
        "-btsockets",
        *(f"{name}={info.addresses[name][1]}" for name in ("DATA", "CTRL")),
        *(str(tmp_path), "--lr", "it's", "x=1"),
    ]
    assert second["scene"] == str(scene)


def test_conformance_1_each_instance_leads_a_process_group_of_its_own(
    runtime: Runtime, tmp_path: Path
) -> None:
    _, instances = told(tmp_path, runtime, 2)
    assert [i["group"] for i in instances] == [i["pid"] for i in instances]
    assert os.getpgid(0) not in [i["group"] for i in instances]


def test_conformance_1_a_real_window_opens_only_where_it_can(
    windowed: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setenv("DISPLAY", windowed.env["DISPLAY"])
    _, (there,) = told(tmp_path, windowed, background=False)
    assert there["background"] is False and "--background" not in there["words"]
    assert "no display" not in capfd.readouterr().err
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    _, (there,) = told(tmp_path, windowed, background=False)
    assert there["background"] is True and "--background" in there["words"]
    assert capfd.readouterr().err.count("there is no display") == 1


def test_conformance_2_seeds_count_from_the_given_one(tmp_path: Path) -> None:
    _, instances = told(tmp_path, None, 3, seed=40)
    assert [i["seed"] for i in instances] == [40, 41, 42]


def test_conformance_2_without_a_seed_a_random_one_is_drawn(tmp_path: Path) -> None:
    first, second = ([i["seed"] for i in told(tmp_path, None, 2, seed=None)[1]] for _ in range(2))
    for seeds in (first, second):
        assert 0 <= seeds[0] < 2**31 and seeds[1] == seeds[0] + 1
    # Once in two thousand million they are equal.
    assert first != second


@contextmanager
def on_ports(tmp_path: Path, **options: Any) -> Iterator[tuple[btt.BlenderLauncher, int]]:
    """Waiting instances on free ports, and the first of these."""
    script = write(tmp_path, WAITS)
    for _ in range(20):
        # Below the ports that the system gives out by itself; another program may have them.
        first = random.randrange(20_000, 30_000)
        bl = btt.BlenderLauncher(
            **{"scene": "", "script": script, "start_port": first, "background": True, **options}
        )
        try:
            bl.__enter__()
        except btt.LaunchError as error:
            if "occupied" not in str(error):
                raise
            continue
        try:
            yield bl, first
        finally:
            bl.__exit__(None, None, None)
        return
    raise AssertionError("no free ports in a row were found")


def test_conformance_3_ports_are_counted_by_socket_and_instance(tmp_path: Path) -> None:
    with on_ports(tmp_path, num_instances=2, named_sockets=["A", "B"]) as (bl, first):
        assert bl.launch_info.addresses == {
            "A": [f"tcp://127.0.0.1:{first}", f"tcp://127.0.0.1:{first + 1}"],
            "B": [f"tcp://127.0.0.1:{first + 2}", f"tcp://127.0.0.1:{first + 3}"],
        }


LAUNCH = """
import sys
from blendtorch import btt

with btt.BlenderLauncher(
    "", sys.argv[1], 2, ["DATA"], start_port=11500, bind_addr="primaryip", background=True
) as bl:
    print(*bl.launch_info.addresses["DATA"])
    print(*bl.launch_info.commands)
"""


@needs_hosts
def test_conformance_3_primaryip_is_the_address_of_the_default_route(tmp_path: Path) -> None:
    with Hosts() as hosts:
        words = (sys.executable, "-P", "-c", LAUNCH, write(tmp_path, WAITS))
        with Run(hosts.trainer.command(*words), tmp_path / "said") as run:
            said = run.ends_well()
    addresses = [f"tcp://{Hosts.TRAINER}:{port}" for port in (11500, 11501)]
    assert " ".join(addresses) in said.splitlines()
    assert f"-btsockets DATA={addresses[0]}" in said


LINE = "blender -b --python s.py -- -btid 2 -btseed 7 -btsockets DATA=tcp://h:1 C=ipc:///a=b -n 3"


def test_conformance_4_the_launchers_arguments_and_the_remainder() -> None:
    args, remainder = btb.parse_blendtorch_args(LINE.split())
    assert (args.btid, args.btseed) == (2, 7)
    assert isinstance(args.btsockets, dict) and list(args.btsockets) == ["DATA", "C"]
    assert args.btsockets["DATA"] == "tcp://h:1"
    assert remainder == ["-n", "3"]


def test_conformance_4_an_equals_sign_in_an_address_survives() -> None:
    assert btb.parse_blendtorch_args(LINE.split())[0].btsockets["C"] == "ipc:///a=b"


def test_conformance_4_sys_argv_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", LINE.split())
    assert btb.parse_blendtorch_args()[0].btid == 2


def test_conformance_4_no_separator_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match=r"no `--`.*-- -btid"):
        btb.parse_blendtorch_args(["blender", "-b"])


def test_conformance_4_missing_sockets_are_an_empty_dict() -> None:
    args, remainder = btb.parse_blendtorch_args(["--", "-btid", "1"])
    assert (args.btsockets, args.btseed, remainder) == ({}, None, [])


def test_conformance_4_positional_arguments_survive() -> None:
    line = "-- first -btid 1 -btsockets A=tcp://h:1 lr=0.1 second --flag third"
    args, remainder = btb.parse_blendtorch_args(line.split())
    assert args.btsockets == {"A": "tcp://h:1"}
    assert remainder == ["first", "lr=0.1", "second", "--flag", "third"]


@pytest.mark.parametrize("out", [None, "elsewhere.json"])
def test_conformance_5_the_program_writes_the_launch_info_before_it_waits(
    tmp_path: Path, out: str | None
) -> None:
    write(tmp_path, WAITS)
    described = {"script": "scene script.py", "background": True, "num_instances": 2}
    described.update(proto="ipc", named_sockets=["DATA", "CTRL"])
    (tmp_path / "launch.json").write_text(json.dumps(described))
    options = ["--out-launch-info", out] if out else []
    words = [Path(sys.executable).with_name("blendtorch-launch"), *options, "launch.json"]
    path = tmp_path / (out or "launch_info.json")
    with Run(words, tmp_path / "said", cwd=tmp_path) as run:
        eventually("the launch info is there", lambda: path.exists() or run.says("never said"))
        assert run.process.poll() is None
    written = json.loads(path.read_text())
    assert set(written) == {"addresses", "commands"}
    assert {name: len(of) for name, of in written["addresses"].items()} == {"DATA": 2, "CTRL": 2}
    assert [f"-btid {i} " in line for i, line in enumerate(written["commands"])] == [True, True]


def test_conformance_5_a_launch_info_is_saved_to_and_loaded_from_a_path_or_a_file(
    tmp_path: Path,
) -> None:
    info = btt.LaunchInfo({"DATA": ["tcp://127.0.0.1:1", "ipc:///tmp/ö"]}, ["blender --x 'a b'"])
    for path in (tmp_path / "info.json", str(tmp_path / "info 2.json")):
        btt.LaunchInfo.save_json(path, info)
        loaded = btt.LaunchInfo.load_json(path)
        assert (loaded.addresses, loaded.commands) == (info.addresses, info.commands)
    file = io.StringIO()
    btt.LaunchInfo.save_json(file, info)
    assert json.loads(file.getvalue()) == {"addresses": info.addresses, "commands": info.commands}
    file.seek(0)
    assert btt.LaunchInfo.load_json(file).addresses == info.addresses


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
    with launcher(write(tmp_path, WAITS)) as bl:
        with pytest.raises(RuntimeError, match="run already"):
            bl.__enter__()
        bl.assert_alive()  # and disturbs nothing


def test_conformance_6_assert_alive_raises_when_one_has_ended(tmp_path: Path) -> None:
    with launcher(write(tmp_path, WAITS), num_instances=2) as bl:
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
    with launcher(write(tmp_path, WITH_CHILD), runtime, num_instances=2, instance_args=own) as bl:
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


def test_conformance_7_an_occupied_port_is_reported_before_anything_starts(tmp_path: Path) -> None:
    script = write(tmp_path, "import sys\nopen(sys.argv[-1], 'w').close()\n")
    started = tmp_path / "started"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bl = btt.BlenderLauncher(
            "",
            script,
            named_sockets=["DATA"],
            start_port=port,
            instance_args=[[str(started)]],
            background=True,
        )
        with pytest.raises(btt.LaunchError, match=rf"port {port} .*occupied.*start_port"), bl:
            pass
    assert not started.exists()


def test_conformance_7_two_launchers_coexist(tmp_path: Path) -> None:
    with on_ports(tmp_path, script=CUBE, named_sockets=["DATA"], instance_args=[SMALL]) as one:
        first, port = one
        items = iter(dataset(*first.launch_info.addresses["DATA"]))
        next(items)
        # A second one at the same ports is refused, and does not reach the consumer of the first.
        same = btt.BlenderLauncher(
            "", CUBE, named_sockets=["DATA"], start_port=port, background=True
        )
        with pytest.raises(btt.LaunchError, match="perhaps another launcher"), same:
            pass
        with on_ports(tmp_path, script=CUBE, named_sockets=["DATA"], instance_args=[SMALL]) as two:
            second, _ = two
            assert next(iter(dataset(*second.launch_info.addresses["DATA"])))["btid"] == 0
            pid = second.status()[0]["pid"]
        assert has_ended(pid)
        for _ in range(50):
            next(items)
        first.assert_alive()
        (publisher,) = items._dataset.stats()["publishers"]  # type: ignore[attr-defined]
        assert publisher["received"] >= 51


def test_conformance_7_exit_codes_and_signals_reach_the_caller(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = write(
        tmp_path,
        "import os, signal, sys\n"
        "if sys.argv[sys.argv.index('-btid') + 1] == '0':\n"
        "    sys.exit(int(os.environ['ENDS_WITH']))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    logs = tmp_path / "logs"
    with launcher(script, runtime, num_instances=2, env={"ENDS_WITH": "7"}, log_dir=logs) as bl:
        assert bl.wait() == [7, -signal.SIGKILL]
        with pytest.raises(btt.LaunchError, match=r"(?s)2 of 2 .*exit code 7.*SIGKILL"):
            bl.assert_alive()
    for i in range(2):
        assert f"-btid {i} " in (logs / f"instance-{i}.log").read_text()


def test_conformance_7_the_tail_of_stderr_reaches_the_caller(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = write(
        tmp_path, "import sys\nprint('the cube is round', file=sys.stderr)\nsys.exit(3)\n"
    )
    with launcher(script, runtime) as bl:
        assert bl.wait() == [3]
        with pytest.raises(btt.LaunchError, match=r"(?s)exit code 3.*the cube is round"):
            bl.assert_alive()


def test_conformance_7_a_script_error_ends_the_instance_with_its_traceback(
    runtime: Runtime, tmp_path: Path
) -> None:
    with launcher(write(tmp_path, "import bpy\n1 / 0\n"), runtime) as bl:
        assert bl.wait() == [1]
        with pytest.raises(btt.LaunchError, match=r"(?s)exit code 1.*line 2.*ZeroDivisionError"):
            bl.assert_alive()


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
    words = [sys.executable, "-P", "-c", USER, write(tmp_path, WITH_CHILD), tmp_path]
    with Run(words, tmp_path / "said") as run:
        eventually("it has launched", lambda: run.says("pids .*\n"))
        files = [tmp_path / f"child-{i}" for i in range(2)]
        eventually("both have a child", lambda: all(f.exists() for f in files))
        run.process.kill()
        said = next(line for line in run.said().splitlines() if line.startswith("pids "))
    pids = [int(word) for word in said.split()[1:]] + [int(f.read_text()) for f in files]
    for pid in pids:
        eventually(f"process {pid} has ended", lambda pid=pid: has_ended(pid))
