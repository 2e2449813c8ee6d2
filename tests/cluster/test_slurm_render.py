"""Renders under Slurm: what nodes that are taken away had in work is rendered again, and nothing
else; tasks without a head; the video that follows."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from support import HANG_S, renders
from support.clusters import at_head, run
from support.processes import eventually
from support.programs import Run, installed
from support.renders import BALL, FRAMES, acting, begun, done_frames
from support.slurm_cluster import SlurmCluster
from support.slurm_config import SHORT

SLURM = ["--slurm", "--nodes", 2, "--cpus-per-task", 2]


def under_slurm(
    slurm: SlurmCluster, tmp_path: Path, scene: Path, out: Path, *words: Any
) -> list[str]:
    """`blendtorch render --slurm` at the head."""
    asked = [*SLURM, *words]
    return at_head(slurm, tmp_path, "blendtorch", "render", scene, "-o", out, *asked)


def test_a_node_that_is_taken_away_costs_what_it_had_in_work(
    slurm: SlurmCluster, render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, logs = tmp_path / "out", tmp_path / "logs"
    keys = {"slurm": {"head_address": slurm.address(), "extra": ["--exclusive"]}}
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": 0.5}, **keys)
    command = under_slurm(slurm, tmp_path, job, out, *BALL, "--log-dir", logs)
    with Run(command, tmp_path / "said", cwd=tmp_path) as going:
        eventually("frames are done", lambda: _done(out) >= 2)
        # Slurm takes the node for lost: its job is requeued, and comes back when the node does.
        slurm.fail("n1")
        eventually("it is said", lambda: going.says("host n1 is (gone|asked to go)"))
        slurm.resume("n1")
        going.ends_well()
    renders.same(out, whole_render)
    # Each worker has one frame that is rendered and one that is written, and a copy at the end.
    assert begun(logs).total() - len(FRAMES) <= 2 + 2, begun(logs)


def _done(out: Path) -> int:
    return len(list(out.glob("previews/*.png")))


def test_tasks_of_a_job_array_and_the_video_that_follows_them(
    slurm: SlurmCluster, render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out, video = tmp_path / "out", tmp_path / "ball.mp4"
    words = [*BALL, "--array", "--video", video]
    command = under_slurm(slurm, tmp_path, render_scenes / "ball.blend", out, *words)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    render, sequence = (int(line.split("job ")[1].split()[0]) for line in done.stderr.splitlines())
    assert slurm.ended(render) == {"0": "COMPLETED", "1": "COMPLETED"}, _said(tmp_path)
    assert slurm.ended(sequence) == {"": "COMPLETED"}, _said(tmp_path)
    assert video.stat().st_size > 0
    renders.inspect(out).well()
    assert done_frames(out) == FRAMES
    (out / "render.slurm.json").unlink()
    renders.same(out, whole_render)


def _said(tmp_path: Path) -> str:
    return "\n".join(log.read_text() for log in (tmp_path / "slurm-logs").glob("*.log"))


def test_a_task_that_is_asked_to_end_finishes_its_frame(
    slurm: SlurmCluster, render_scenes: Path, tmp_path: Path
) -> None:
    """As with --signal before a time limit: SIGTERM to the program that the job is."""
    out = tmp_path / "out"
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": 0.5})
    words = ["render", job, "-o", out, "--jobs", 1, *BALL, "--array", "--log-dir", tmp_path / "l"]
    line = " ".join(f"'{word}'" for word in [installed("blendtorch"), *words])
    number = slurm.submit(f"exec {line}", "--array=0-0", f"--partition={SHORT}", cwd=tmp_path)
    eventually("a frame is done", lambda: _done(out) >= 1)
    slurm.said("scancel", "--batch", "--signal=TERM", str(number))
    assert slurm.ended(number) == {"0": "FAILED"}
    assert 1 <= _done(out) < len(FRAMES) and not list(out.rglob("*.tmp"))
    assert begun(tmp_path / "l").total() == _done(out)


def test_frames_are_given_out_only_where_the_folder_is_shared(
    slurm_apart: SlurmCluster, render_scenes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    # One node has another folder at that place.
    other = tmp_path / "other"
    other.mkdir()
    node = slurm_apart.daemons["n1"]
    mount = ["nsenter", "--target", str(node), "--mount", "mount", "--bind", str(other), str(out)]
    subprocess.run(mount, check=True)
    try:
        settings = {"head_address": slurm_apart.address(), "extra": ["--exclusive"]}
        # Long enough that the other node does not render all before this one is asked.
        slow = {"sleeps": 2}
        job = acting(tmp_path / "render.json", render_scenes, slow, slurm=settings)
        words = ["render", job, "-o", out, *BALL, *SLURM]
        done = run(slurm_apart, tmp_path, "blendtorch", *words)
    finally:
        undo = ["nsenter", "--target", str(node), "--mount", "umount", str(out)]
        subprocess.run(undo, check=True)
    assert done.returncode == 1 and "share" in done.stderr, done.stderr


def test_the_head_is_killed_and_the_same_again_goes_on(
    slurm: SlurmCluster, render_scenes: Path, whole_render: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    keys = {"slurm": {"head_address": slurm.address()}}
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": 0.3}, **keys)
    command = under_slurm(slurm, tmp_path, job, out, *BALL)
    with Run(command, tmp_path / "first", cwd=tmp_path) as first:
        eventually("frames are done", lambda: _done(out) >= 2)
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(HANG_S)
    eventually("no job is left", lambda: not slurm.run("squeue", "--noheader").stdout)
    with Run(command, tmp_path / "second", cwd=tmp_path) as second:
        assert "done already" in second.ends_well()
    renders.same(out, whole_render)
