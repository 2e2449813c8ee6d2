"""Renders without a head: tasks take their parts by what lies in the folder, and a ledger is made
of it."""

import json
import os
import re
import shutil
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support import renders
from support.processes import eventually
from support.renders import BALL, FRAMES, Going, acting, begun, done_frames, render, rows
from support.runtimes import Runtime

TABLES = {
    "settings": "SELECT json FROM settings",
    "kinds": "SELECT name, options FROM kinds ORDER BY name",
    "files": "SELECT frame, kind, state, settings, path, bytes, crc32, why FROM files "
    "ORDER BY frame, kind",
    "cameras": "SELECT json FROM cameras ORDER BY json",
    "transforms": "SELECT frame, json, matrix FROM transforms JOIN cameras ON camera = id "
    "ORDER BY frame",
    "ids": "SELECT * FROM ids ORDER BY kind, name",
}


def content(out: Path) -> dict[str, Any]:
    """What a ledger says, but for who rendered when and how fast."""
    return {name: rows(out, query) for name, query in TABLES.items()}


def same_render(out: Path, whole: Path) -> None:
    """The files byte for byte, and the ledger but for what each run has of its own."""
    renders.same(out, whole)
    assert (out / renders.JOB).read_bytes() == (whole / renders.JOB).read_bytes()
    assert content(out) == content(whole)


class Task(Going):
    """A task that goes on, beside others into the same folder."""

    def __init__(self, scene: Path, out: Path, *words: Any, output: Path) -> None:
        self.out = out
        super(Going, self).__init__(renders.command(scene, out, *words), output)


def test_tasks_beside_each_other_render_what_a_head_does(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with ExitStack() as stack:
        tasks = []
        for number in (1, 2, 3):
            logs = tmp_path / f"logs{number}"
            words = [*BALL, "--array", f"{number}/3", "--log-dir", logs]
            output = tmp_path / f"{number}.txt"
            task = Task(render_scenes / "ball.blend", out, *words, output=output)
            tasks.append(stack.enter_context(task))
        said = [task.ends_well() for task in tasks]
    assert "3 of 3 frames are done" in said[0] and "2 of 2 frames are done" in said[2]
    taken = [set(begun(tmp_path / f"logs{number}")) for number in (1, 2, 3)]
    assert taken == [{1, 4, 7}, {2, 5, 8}, {3, 6}]
    # The last one has written the cameras of all; nobody has made a database.
    assert json.loads((out / "transforms.json").read_text())["frames"][7]["frame"] == 8
    assert not (out / "ledger.sqlite").exists()
    built = renders.inspect(out).well()
    assert "the ledger was made of the files: 40 of 40 are whole" in built.said
    assert "8 of 8 frames are whole" in built.said
    same_render(out, whole_render)
    assert "made of the files" not in renders.inspect(out, "--verify").well().said
    # A head goes on with it.
    again = render(render_scenes / "ball.blend", out, *BALL).well()
    assert "(8 before)" in again.said


def test_a_task_renders_what_is_not_whole_and_nothing_else(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, logs = tmp_path / "out", tmp_path / "logs"
    shutil.copytree(whole_render, out)
    # A ledger that is gone; other files are as they were.
    (out / "ledger.sqlite").unlink()
    os.truncate(out / "depths" / "000003.exr", 100)
    (out / "frames" / "000004.png").write_bytes(b"")
    (out / "flows" / "000005.exr").unlink()
    (out / "frames" / "000007.png").write_text("no picture")
    words = [*BALL, "--log-dir", logs]
    said = render(render_scenes / "ball.blend", out, *words, "--array", "1/2").well().said
    assert set(begun(logs)) == {3, 5, 7}
    assert "depths/000003.exr is cut" in said and "frames/000007.png is no PNG" in said
    half = renders.inspect(out)
    assert half.code == 1 and "frames/000004.png is empty" in half.said
    assert done_frames(out) == FRAMES - {4}
    # Also after a ledger was made.
    render(render_scenes / "ball.blend", out, *words, "--array", "2/2").well()
    assert set(begun(logs)) == {3, 4, 5, 7}
    assert "8 of 8 frames are whole" in renders.inspect(out).well().said
    same_render(out, whole_render)


def test_a_task_that_was_killed_begins_again_where_it_was(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": 0.5})
    with Going(job, out, *BALL, "--array", "1/1") as first:
        first.has(2, "previews")
        first.ends(signal.SIGKILL)
    half = renders.inspect(out)
    assert half.code == 1
    done = done_frames(out)
    assert done and done != FRAMES
    logs = tmp_path / "logs"
    render(job, out, *BALL, "--array", "1/1", "--log-dir", logs).well()
    assert not done & begun(logs).keys()
    assert not (out / ".unfinished").exists()
    renders.inspect(out).well()
    renders.same(out, whole_render)


def test_slurms_variables_say_which_part_a_task_has(render_scenes: Path, tmp_path: Path) -> None:
    out, scene = tmp_path / "out", render_scenes / "ball.blend"
    given = {"ID": "6", "MIN": "2", "STEP": "2", "COUNT": "4"}
    variables = {f"SLURM_ARRAY_TASK_{name}": value for name, value in given.items()}
    words = ["-p", "frames", "-f", "1:8", "--array"]
    said = render(scene, out, *words, env=renders.environment(**variables)).well().said
    assert "for part 3/4 of" in said
    assert sorted(path.stem for path in (out / "frames").iterdir()) == ["000003", "000007"]
    without = render(scene, out, *words)
    assert without.code == 1 and "SLURM_ARRAY_TASK_ID is not set" in without.said


def test_tasks_of_other_jobs_in_one_folder_are_refused_by_what_differs(
    render_scenes: Path, tmp_path: Path
) -> None:
    out, scene = tmp_path / "out", render_scenes / "ball.blend"
    words = ["-p", "segmentations", "-f", "1:2"]
    render(scene, out, *words, "--array", "1/2").well()
    before = renders.files(out)
    error = render(scene, out, *words, "--samples", 3, "--array", "2/2").error()
    assert "holds another job" in error and "samples: not set before" in error
    error = render(scene, out, *words, "--format", "npy", "--array", "2/2").error()
    assert "segmentations: " in error and '"npy"' in error
    ids = tmp_path / "ids.json"
    ids.write_text('{"instances": {"Plane": 7}}')
    error = render(scene, out, *words, "--ids", ids, "--array", "2/2").error()
    assert "ids: others were chosen before" in error
    assert renders.files(out) == before
    # One that numbers otherwise, as a Blender of another version might.
    (told,) = (out / ".array").glob("ids-*.json")
    table = json.loads(told.read_text())
    table["instances"][0]["id"], table["instances"][1]["id"] = 2, 1
    (out / ".array" / "ids-other.json").write_text(json.dumps(table))
    for error in (
        render(scene, out, *words, "--array", "2/2").error(),
        renders.inspect(out).error(),
    ):
        assert "contradict each other" in error and '"Ball"' in error and '"Plane"' in error


def test_a_frame_that_fails_is_said_by_its_task_and_by_inspect(
    render_scenes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, {"dies": [3]})
    said = render(job, out, "-p", "frames", "-f", "1:4", "--array", "1/2")
    assert "1 frame could not be rendered" in said.error()
    table = renders.inspect(out)
    assert table.code == 1 and "frame 3 was set aside: it ended its Blender" in table.said
    assert done_frames(out) == {1}


def test_a_head_and_tasks_do_not_render_into_one_folder_at_a_time(
    render_scenes: Path, tmp_path: Path
) -> None:
    out, scene = tmp_path / "out", render_scenes / "ball.blend"
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": 0.5})
    with Going(job, out, "-p", "frames", "--array", "1/1") as task:
        task.has(1, "frames")
        assert "tasks without a head, renders into it" in render(scene, out, "-p", "frames").error()
        now = renders.inspect(out)
        assert now.code == 1 and "no ledger is written" in now.said
        task.ends_well()
    assert not (out / "ledger.sqlite").exists()
    renders.inspect(out).well()


def test_a_ledger_that_is_damaged_is_made_anew(whole_render: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole_render, out)
    (out / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
    assert "--rebuild` makes it anew" in renders.inspect(out).error()
    renders.inspect(out, "--rebuild").well()
    same_render(out, whole_render)
    renders.inspect(out, "--verify").well()


def test_a_head_makes_the_ledger_that_is_gone(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, logs = tmp_path / "out", tmp_path / "logs"
    shutil.copytree(whole_render, out)
    (out / "ledger.sqlite").unlink()
    (out / "depths" / "000002.exr").unlink()
    words = [*BALL, "--resume", "--log-dir", logs]
    said = render(render_scenes / "ball.blend", out, *words).well().said
    assert "39 of 40 are whole" in said and set(begun(logs)) == {2}
    same_render(out, whole_render)
    (out / "ledger.sqlite").unlink()
    error = render(render_scenes / "ball.blend", out, *BALL, "--samples", 3).error()
    assert "samples: not set before" in error


@pytest.mark.parametrize("words", [[], ["--array", "1/1"]], ids=["head", "task"])
def test_sigterm_ends_after_the_frames_in_work(
    render_scenes: Path, whole_render: Path, tmp_path: Path, words: list[str]
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": 0.5})
    with Going(job, out, *BALL, *words, jobs=2) as run:
        run.has(2, "previews")
        assert run.ends(signal.SIGTERM) == 143, run.said()
    found = re.search(r"after the frames in work; ([2-7]) of 8 frames are done", run.said())
    assert found, run.said()
    assert "error" not in run.said()
    assert not (out / ".unfinished").exists()
    logs = tmp_path / "logs"
    renders.inspect(out)
    assert len(done_frames(out)) == int(found[1])
    # What was begun was finished.
    render(job, out, *BALL, *words, "--log-dir", logs).well()
    assert len(begun(logs)) == 8 - int(found[1])
    renders.inspect(out).well()
    renders.same(out, whole_render)


def test_a_second_sigterm_ends_at_once(render_scenes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, {"hangs": [2]})
    with Going(job, out, "-p", "frames") as run:
        run.has(1, "frames")
        run.process.send_signal(signal.SIGTERM)
        eventually("it ends slowly", lambda: run.says("once more to stop at once"))
        assert run.ends(signal.SIGTERM) == 143, run.said()
    assert "1 of 8 frames are done" in run.said()


def test_files_come_by_way_of_scratch(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    job = renders.described(
        tmp_path / "render.json",
        render_scenes / "ball.blend",
        scratch="$NODE_LOCAL/deep",
        env={"NODE_LOCAL": str(scratch)},
    )
    # By one: of two, the one that made a copy at the end would be ended in its middle.
    render(job, out, *BALL).well()
    renders.same(out, whole_render)
    assert list((scratch / "deep").iterdir()) == []
    by = renders.described(tmp_path / "other.json", render_scenes / "composed.blend")
    render(by, tmp_path / "composed", "-p", "composites,frames", "--scratch", scratch).well()
    render(by, tmp_path / "plain", "-p", "composites,frames").well()
    composed, plain = (renders.files(tmp_path / name) for name in ("composed", "plain"))
    assert composed.keys() == plain.keys() and "composites/000001.png" in plain
    for name, content in plain.items():
        assert _untold(composed[name]) == _untold(content), name


def _untold(content: bytes) -> bytes:
    """Without the texts of a PNG: Blender writes into its own when they were rendered."""
    if not content.startswith(b"\x89PNG"):
        return content
    at, kept = 8, b""
    while at < len(content):
        size = 12 + int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] not in (b"tEXt", b"iTXt", b"zTXt", b"tIME"):
            kept += content[at : at + size]
        at += size
    return kept


def test_scratch_that_is_none_is_one_error(render_scenes: Path, tmp_path: Path) -> None:
    scene, out = render_scenes / "ball.blend", tmp_path / "out"
    assert "must begin with /" in render(scene, out, "--scratch", "here").error()
    error = render(scene, out, "--scratch", "$NOWHERE_AT_ALL/a").error()
    assert "$NOWHERE_AT_ALL is not set" in error


def test_a_folder_that_is_not_shared_is_said_before_frames_are_lost(
    blender_runtime: Runtime, tmp_path: Path
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    # A Blender in a mount namespace of its own, as on a host that has another disk there.
    blender = tmp_path / "blender"
    user = "" if os.geteuid() == 0 else "--map-root-user"
    blender.write_text(
        f"#!/bin/sh\nexec unshare --mount {user} sh -c '"
        f'mount --bind {elsewhere} {out} && exec {blender_runtime.place} "$@"\' blender "$@"\n'
    )
    blender.chmod(0o755)
    scene = Path(__file__).with_name("golden") / "golden_blender341.blend"
    error = render(scene, out, "-f", 3, "--blender", blender).error()
    assert f"{out} is not the same folder on {os.uname().nodename}" in error
    assert "give a folder that all hosts share" in error
    assert not list(elsewhere.iterdir()) and not (out / "frames").exists()
