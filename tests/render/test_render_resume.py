"""A folder that is rendered into again: what is missing is rendered, and nothing else."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import renders
from support.renders import BALL, FRAMES, begun, render, rows

STAMPS = dict[str, tuple[int, int]]


def stamps(out: Path) -> STAMPS:
    """Which file each name is, and when it was written."""
    found = {}
    for name in renders.files(out):
        stat = (out / name).stat()
        found[name] = (stat.st_ino, stat.st_mtime_ns)
    return found


def changed(before: STAMPS, after: STAMPS) -> set[str]:
    """Files of frames that are others now; all that were there must be there."""
    assert before.keys() <= after.keys()
    return {name for name, stamp in after.items() if "/" in name and before.get(name) != stamp}


@pytest.fixture
def out(whole_render: Path, tmp_path: Path) -> Path:
    """A copy of a whole render."""
    return Path(shutil.copytree(whole_render, tmp_path / "out"))


def flip(path: Path) -> None:
    """One byte becomes another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_files_that_are_not_what_was_written_are_rendered_anew(
    render_scenes: Path, whole_render: Path, out: Path, tmp_path: Path
) -> None:
    (out / "frames" / "000001.png").write_bytes(b"")
    os.truncate(out / "depths" / "000002.exr", 100)
    flip(out / "flows" / "000003.exr")
    (out / "segmentations" / "000004.exr").unlink()
    os.utime(out / "frames" / "000005.png", ns=(1, 1))  # As it was, at another time.
    before = stamps(out)
    logs = tmp_path / "logs"
    said = render(render_scenes / "ball.blend", out, *BALL, "--log-dir", logs).well()
    renders.same(out, whole_render)
    assert set(begun(logs)) == {1, 2, 3, 4}
    assert "4 of 8 frames are done already" in said.said
    for name, what in (
        ("frames/000001.png", "has another size"),
        ("depths/000002.exr", "has another size"),
        ("flows/000003.exr", "has changed"),
        ("segmentations/000004.exr", "is gone"),
    ):
        assert f"{name} {what} since it was written" in said.said
    assert changed(before, stamps(out)) == {
        "frames/000001.png",
        "depths/000002.exr",
        "flows/000003.exr",
        "segmentations/000004.exr",
    }


def test_other_bytes_of_the_same_size_and_time_are_found_where_every_file_is_read(
    render_scenes: Path, whole_render: Path, out: Path, tmp_path: Path
) -> None:
    path = out / "depths" / "000006.exr"
    stat = path.stat()
    flip(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    logs = tmp_path / "logs"
    words = [render_scenes / "ball.blend", out, *BALL, "--log-dir", logs]
    assert "(8 before)" in render(*words).well().said
    assert not begun(logs)
    assert renders.inspect(out).well()

    found = renders.inspect(out, "--verify", "--json")
    assert found.code == 1
    assert json.loads(found.said)["found"] == [
        {"frame": 6, "kind": "depths", "path": "depths/000006.exr", "what": "changed"}
    ]
    assert "7 of 8 frames are whole" in renders.inspect(out).said
    render(*words).well()
    assert dict(begun(logs)) == {6: 1}
    renders.same(out, whole_render)
    assert "every file is what was written" in renders.inspect(out, "--verify").well().said


def test_a_new_pass_and_more_frames_leave_what_is_done_as_it_is(
    render_scenes: Path, tmp_path: Path
) -> None:
    scene, out = render_scenes / "ball.blend", tmp_path / "out"
    render(scene, out, "-p", "frames,segmentations", "-f", "1:3").well()
    first = stamps(out)
    # The pass alone, of frames that are done; ids go on.
    render(scene, out, "-p", "segmentations,depths,materials", "-f", "1:3").well()
    second = stamps(out)
    new = {f"{name}/00000{n}.exr" for name in ("depths", "materials") for n in (1, 2, 3)}
    assert changed(first, second) == new
    # More frames, and fewer passes: nothing is forgotten.
    logs = tmp_path / "logs"
    render(scene, out, "-p", "frames", "-f", "1:5", "--log-dir", logs).well()
    assert set(begun(logs)) == {4, 5}
    assert changed(second, stamps(out)) == {"frames/000004.png", "frames/000005.png"}
    # And the rest of it: byte-equal to all of it at once.
    everything = ["-p", "frames,segmentations,depths,materials", "-f", "1:5"]
    render(scene, out, *everything).well()
    render(scene, tmp_path / "once", *everything).well()
    renders.same(out, tmp_path / "once")
    assert rows(out, "SELECT count(*) FROM files WHERE state = 'done'") == [(20,)]
    # Two frames of it are asked for: the others stay.
    before = stamps(out)
    render(scene, out, "-p", "depths", "-f", "1:2").well()
    assert not changed(before, stamps(out))
    assert rows(out, "SELECT count(*) FROM files WHERE state = 'done'") == [(20,)]
    told = json.loads((out / "transforms.json").read_text())
    assert len(told["frames"]) == 5 and "material_file_path" in told["frames"][4]


OTHERS: list[tuple[str, list[Any], list[str]]] = [
    ("ball", ["--samples", "3"], ["samples: not set before", '"count":3']),
    ("ball", ["--resolution", "64x48"], ["set_resolution: not set before", '"width":64']),
    ("bodies", [], ['scene: "ball.blend" before, "bodies.blend" now']),
    ("ball", ["--autoexec", "--layout", "a2"], ["autoexec: false before", 'layout: "flat" before']),
    ("ball", ["--sequential"], ["sequential: not set before, true now"]),
    ("ball", ["-p", "depths", "--format", "npy"], ["depths: ", '"exr"', '"npy"']),
]


@pytest.mark.parametrize(("scene", "words", "says"), OTHERS, ids=lambda one: str(one)[:24])
def test_another_job_in_the_same_folder_is_an_error_that_names_the_differences(
    render_scenes: Path, out: Path, scene: str, words: list[Any], says: list[str]
) -> None:
    before = stamps(out)
    error = render(render_scenes / f"{scene}.blend", out, *words).error()
    assert "holds another job" in error
    assert all(text in error for text in says), error
    assert stamps(out) == before
    assert renders.done_frames(out) == FRAMES


def test_other_ids_in_the_same_folder_are_another_job(
    render_scenes: Path, out: Path, tmp_path: Path
) -> None:
    table = tmp_path / "ids.json"
    table.write_text('{"instances": {"Plane": 1}}')
    error = render(render_scenes / "ball.blend", out, *BALL, "-f", "1:9", "--ids", table).error()
    assert "holds another job" in error
    assert 'instance 1: of "Ball" before, of "Plane" now' in error
    assert 'instance "Plane": 2 before, 1 now' in error
    assert renders.done_frames(out) == FRAMES


def test_a_scene_that_was_changed_is_another_job_unless_all_is_rendered_anew(
    render_scenes: Path, out: Path, tmp_path: Path
) -> None:
    # Blender reads it all the same.
    scene = tmp_path / "ball.blend"
    scene.write_bytes((render_scenes / "ball.blend").read_bytes() + b"\0")
    assert "the scene file has changed since" in render(scene, out, *BALL).error()
    before = stamps(out)
    render(render_scenes / "ball.blend", out, *BALL, "--anew", "-f", "1:2").well()
    again = changed(before, stamps(out))
    assert {Path(name).stem for name in again} == {"000001", "000002"} and len(again) == 10


def test_a_ledger_that_is_damaged_is_an_error_that_names_it(render_scenes: Path, out: Path) -> None:
    (out / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
    error = render(render_scenes / "ball.blend", out, *BALL).error()
    assert "ledger.sqlite" in error
