"""Renders of which something is killed, stopped, or has no room: nothing is lost or left."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from support import renders
from support.processes import eventually
from support.renders import BALL, FRAMES, Going, acting, begun, done_frames, render

# Long enough that a busy machine does not render all before something is killed.
SLOW = {"sleeps": 0.5}


def lives(logs: Path) -> int:
    """How often workers have opened a scene."""
    return sum(log.read_text().count("Read blend") for log in logs.glob("*.log"))


def test_killed_in_the_middle_and_resumed_is_an_unbroken_run(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, SLOW)

    def going(number: int) -> Going:
        return Going(job, out, *BALL, "--log-dir", tmp_path / f"logs{number}", jobs=2)

    with going(0) as first:
        first.has(1, "previews")
        os.kill(first.blenders()[0], signal.SIGKILL)
        first.has(3, "previews")
        first.ends(signal.SIGKILL)
    done = [done_frames(out)]
    assert done[0] and done[0] != FRAMES
    with going(1) as second:
        logs = tmp_path / "logs1"
        eventually("both workers have begun", lambda: begun(logs).total() >= 3)
        os.kill(second.blenders()[1], signal.SIGKILL)
        second.ends(signal.SIGKILL)
    done.append(done_frames(out))
    assert done[0] <= done[1] and done[1] != FRAMES
    with going(2) as third:
        third.ends_well()
    renders.same(out, whole_render)
    # What was in the ledger is not rendered again.
    runs = [begun(tmp_path / f"logs{n}") for n in range(3)]
    assert not done[0] & runs[1].keys()
    assert not done[1] & runs[2].keys()
    # Each worker has one frame that is rendered, and one that is written: four in flight at each
    # kill of the head, two at that of a worker, and a copy for each worker at the end.
    assert sum(run.total() for run in runs) - len(FRAMES) <= 4 + 4 + 2 + 2
    assert not (out / ".unfinished").exists()


def test_ctrl_c_ends_the_fleet_and_the_same_again_renders_the_rest(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, SLOW)
    with Going(job, out, *BALL, jobs=2) as run:
        run.has(2, "previews")
        assert run.ends(signal.SIGINT) == 130, run.said()
    assert re.search(r"stopped; [2-7] of 8 frames are done", run.said()), run.said()
    assert "error" not in run.said()
    assert not (out / ".unfinished").exists()
    assert renders.inspect(out).code == 1
    render(job, out, *BALL, jobs=2).well()
    renders.same(out, whole_render)


def test_a_second_fleet_on_a_folder_is_refused_by_the_name_of_the_first(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, SLOW)
    with Going(job, out, *BALL) as first:
        first.has(1, "previews")
        error = render(job, out, *BALL).error()
        assert f"the fleet of process {first.process.pid} on {os.uname().nodename}" in error
        assert str(out) in error
        first.ends_well()
    renders.same(out, whole_render)


def test_a_frame_that_ends_its_blender_twice_is_set_aside_and_tried_by_the_next_run(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, logs = tmp_path / "out", tmp_path / "logs"
    job = acting(tmp_path / "render.json", render_scenes, {"dies": [3]})
    said = render(job, out, *BALL, "--log-dir", logs)
    assert "1 frame could not be rendered" in said.error()
    assert re.search("frame 3 was set aside: it ended its Blender twice.*signal 9", said.said)
    assert done_frames(out) == FRAMES - {3}
    assert begun(logs)[3] == 2
    table = renders.inspect(out)
    assert table.code == 1 and "frame 3 was set aside: it ended its Blender" in table.said
    # What made it die is gone.
    job = acting(tmp_path / "render.json", render_scenes, {})
    render(job, out, *BALL).well()
    renders.same(out, whole_render)


def test_a_worker_that_dies_or_hangs_once_costs_no_frame(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    acts = {"dies": [5], "hangs": [2], "once": str(tmp_path)}
    job = acting(tmp_path / "render.json", render_scenes, acts)
    said = render(job, out, *BALL, "--frame-timeout", 4).well()
    renders.same(out, whole_render)
    assert "longer than frame_timeout, 4.0 s" in said.said
    assert {path.name for path in tmp_path.glob("*-[0-9]")} == {"dies-5", "hangs-2"}


def test_workers_that_die_while_they_open_the_scene_are_one_error(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, {"opening": True})
    error = render(job, out, *BALL, jobs=2).error()
    assert "no worker is left" in error and "before its first frame" in error
    # Where it happens once, all frames are there.
    acts = {"opening": True, "once": str(tmp_path)}
    render(acting(tmp_path / "render.json", render_scenes, acts), out, *BALL).well()
    assert (tmp_path / "opening-0").exists()
    renders.same(out, whole_render)


def test_a_worker_that_grows_is_started_anew(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, logs = tmp_path / "out", tmp_path / "logs"
    acts = {"leaks": 150, "sleeps": 0.3}
    job = acting(tmp_path / "render.json", render_scenes, acts, max_memory="700 MB")
    render(job, out, *BALL, "--log-dir", logs).well()
    renders.same(out, whole_render)
    (log,) = logs.glob("*.log")
    assert "max_memory is 0.65 GiB" in log.read_text()
    assert begun(logs).total() - len(FRAMES) <= lives(logs) - 1


def test_a_worker_is_started_anew_after_so_many_frames(
    render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, logs = tmp_path / "out", tmp_path / "logs"
    words = [*BALL, "--max-frames-per-worker", 3, "--log-dir", logs]
    render(render_scenes / "ball.blend", out, *words).well()
    renders.same(out, whole_render)
    assert lives(logs) == 3
    # Between frames: none was rendered twice.
    assert begun(logs) == dict.fromkeys(FRAMES, 1)


@pytest.mark.parametrize("size", ["60k", "120k"])
def test_a_full_disk_is_one_error_and_what_is_done_stays(
    render_scenes: Path, whole_render: Path, tmp_path: Path, size: str
) -> None:
    # A file system of a namespace's own, which is gone with its last process.
    place, inner = tmp_path / "small", tmp_path / "small" / "out"
    place.mkdir()
    words = renders.command(render_scenes / "ball.blend", inner, *BALL, jobs=2)
    line = " ".join(f"'{word}'" for word in words)
    script = f"""
mount -t tmpfs -o size={size} none {place} || exit 77
{line}; echo first $?
find {inner} -type f | sort
mount -o remount,size=20m {place}
{line}; echo second $?
cp -a {inner} {tmp_path}/kept
"""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", "--mount", *user, "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    first = done.stdout.partition("first 1\n")[2]
    errors = [line for line in done.stderr.splitlines() if ": error: " in line]
    assert len(errors) == 1, said
    assert f"the disk of {inner} is full" in errors[0] and "run the same again" in errors[0]
    assert "second 0" in first, said
    assert ".unfinished" not in first, said
    renders.same(tmp_path / "kept", whole_render)


def test_what_a_head_leaves_that_was_killed_at_once_is_nothing(
    render_scenes: Path, tmp_path: Path
) -> None:
    # Before its Blenders can be asked.
    with Going(render_scenes / "ball.blend", tmp_path / "out", *BALL, jobs=2) as run:
        eventually("its Blenders have started", lambda: len(run.blenders()) == 2)
        run.ends(signal.SIGKILL)
