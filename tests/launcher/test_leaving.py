"""A fleet that is left when instances have failed: who had not heard of it hears it then."""

import subprocess
import sys
from pathlib import Path

import pytest
from blendtorch import btt
from support import HANG_S, ROOT
from support.fleets import STREAMS, streaming
from support.processes import eventually, has_ended
from support.streams import dataset


def test_leaving_raises_where_nobody_was_told(tmp_path: Path) -> None:
    streams = STREAMS.replace(
        "pub = ", 'if args.btid == 0:\n    raise ValueError("the cube is flat")\npub = '
    )
    assert streams != STREAMS

    def leaves() -> None:
        with streaming(tmp_path, streams, 2) as bl:
            pid = bl.status()[0]["pid"]
            assert next(iter(dataset(bl.launch_info.addresses["DATA"][1])))["btid"] == 1
            eventually("the other has ended", lambda: has_ended(pid))

    with pytest.raises(btt.InstanceFailedError) as raised:
        leaves()
    text = str(raised.value)
    assert text.startswith("1 of 2 instances failed\ninstance 0 ended with exit code 1;")
    assert "ValueError: the cube is flat" in text and "instance 1" not in text


def test_an_error_of_the_body_is_not_replaced_and_says_it_too(tmp_path: Path) -> None:
    def leaves() -> None:
        with streaming(tmp_path, "raise ValueError('the cube is flat')") as bl:
            pid = bl.status()[0]["pid"]
            eventually("it has ended", lambda: has_ended(pid))
            raise KeyError("mine")

    with pytest.raises(KeyError) as raised:
        leaves()
    (note,) = raised.value.__notes__
    assert "1 of 1 instance failed" in note and "ValueError: the cube is flat" in note


@pytest.mark.parametrize("told", ["assert_alive", "wait", "status"])
def test_who_was_told_is_not_told_again(told: str, tmp_path: Path) -> None:
    with streaming(tmp_path, "raise ValueError('the cube is flat')") as bl:
        pid = bl.status()[0]["pid"]
        eventually("it has ended", lambda: has_ended(pid))
        match told:
            case "assert_alive":
                with pytest.raises(btt.LaunchError, match="the cube is flat"):
                    bl.assert_alive()  # at once: its end is seen, whoever is faster
            case "wait":
                assert bl.wait() == [1]
            case "status":
                eventually("it is seen", lambda: bl.status()[0]["failed"])


def test_a_program_whose_instances_fail_does_not_exit_with_0(tmp_path: Path) -> None:
    scene = tmp_path / "scene.py"
    scene.write_text("raise ValueError('the cube is round')")
    (tmp_path / "launch.json").write_text(
        '{"script": "scene.py", "num_instances": 2, "named_sockets": ["DATA"], "proto": "ipc",'
        ' "background": true, "blender": "bpy"}'
    )
    program = ROOT / "examples" / "train" / "train.py"
    done = subprocess.run(
        [sys.executable, program, "--launch", tmp_path / "launch.json"],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode != 0
    # The instance's own lines are shown too: the program must have heard of it.
    _, _, heard = done.stderr.partition("InstanceFailedError: ")
    assert "the cube is round" in heard, done.stderr
