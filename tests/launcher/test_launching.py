"""Statements 1 to 3 of the contract: what an instance is told. What needs no Blender is in
`launcher/tests`, under the same names."""

import inspect
import json
import os
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support import CUBE
from support.fleets import launcher, written
from support.runtimes import Runtime

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


def told(
    tmp_path: Path, runtime: Runtime | None = None, instances: int = 1, **options: Any
) -> tuple[btt.LaunchInfo, list[dict[str, Any]]]:
    """The launch info, and what each instance says it was told."""
    own = options.pop("instance_args", [[]] * instances)
    options["instance_args"] = [[str(tmp_path), *args] for args in own]
    script = written(tmp_path, TELLS)
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
