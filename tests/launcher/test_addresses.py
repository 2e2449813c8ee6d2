"""Statements 3, 5 and 7 of the contract: addresses, where they are written, and ports that are
taken."""

import io
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support import CUBE
from support.fleets import SMALL, WAITS, written
from support.hosts import Hosts, needs_hosts
from support.ports import on_free_ports
from support.processes import eventually, has_ended
from support.programs import Run, installed
from support.streams import dataset


@contextmanager
def on_ports(tmp_path: Path, **options: Any) -> Iterator[tuple[btt.BlenderLauncher, int]]:
    """Waiting instances on free ports, and the first of these."""
    script = written(tmp_path, WAITS)

    def entered(first: int) -> tuple[btt.BlenderLauncher, int]:
        bl = btt.BlenderLauncher(
            **{"scene": "", "script": script, "start_port": first, "background": True, **options}
        )
        bl.__enter__()
        return bl, first

    bl, first = on_free_ports(entered)
    try:
        yield bl, first
    finally:
        bl.__exit__(None, None, None)


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
def test_conformance_3_primaryip_is_the_address_of_the_default_route(
    hosts: Hosts, tmp_path: Path
) -> None:
    words = (sys.executable, "-P", "-c", LAUNCH, written(tmp_path, WAITS))
    with Run(hosts.trainer.command(*words), tmp_path / "said") as run:
        said = run.ends_well()
    addresses = [f"tcp://{Hosts.TRAINER}:{port}" for port in (11500, 11501)]
    assert " ".join(addresses) in said.splitlines()
    assert f"-btsockets DATA={addresses[0]}" in said


@pytest.mark.parametrize("out", [None, "elsewhere.json"])
def test_conformance_5_the_program_writes_the_launch_info_before_it_waits(
    tmp_path: Path, out: str | None
) -> None:
    written(tmp_path, WAITS)
    described = {"script": "scene script.py", "background": True, "num_instances": 2}
    described.update(proto="ipc", named_sockets=["DATA", "CTRL"])
    (tmp_path / "launch.json").write_text(json.dumps(described))
    options = ["--out-launch-info", out] if out else []
    words = [installed("blendtorch-launch"), *options, "launch.json"]
    path = tmp_path / (out or "launch_info.json")
    with Run(words, tmp_path / "said", cwd=tmp_path) as run:
        eventually("the launch info is there", lambda: path.exists() or run.says("never said"))
        assert run.process.poll() is None
    info = json.loads(path.read_text())
    assert set(info) == {"addresses", "commands", "fleet"}
    assert {name: len(of) for name, of in info["addresses"].items()} == {"DATA": 2, "CTRL": 2}
    assert [f"-btid {i} " in line for i, line in enumerate(info["commands"])] == [True, True]


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


def test_conformance_7_an_occupied_port_is_reported_before_anything_starts(tmp_path: Path) -> None:
    script = written(tmp_path, "import sys\nopen(sys.argv[-1], 'w').close()\n")
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
