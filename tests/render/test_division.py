"""Frames over several workers: one that is slow, scenes whose frames follow from one another."""

import time
from pathlib import Path

import numpy as np
from support import renders
from support.renders import acting, render


def test_a_slow_worker_does_not_hold_up_the_end(render_scenes: Path, tmp_path: Path) -> None:
    # Worker 0 takes minutes for a frame; what it has is given to the other one at the end.
    job = acting(tmp_path / "render.json", render_scenes, {"sleeps": [100, 0.1]})
    out, logs = tmp_path / "out", tmp_path / "logs"
    begin = time.monotonic()
    render(job, out, "-p", "depths", "--log-dir", logs, jobs=2).well()
    assert time.monotonic() - begin < 100
    assert len(list((out / "depths").iterdir())) == 8
    # Only what it had was begun twice.
    begun = renders.begun(logs)
    twice = [frame for frame, often in begun.items() if often > 1]
    assert len(twice) == 1 and begun.total() == 9, begun


def test_rigid_bodies_over_several_workers_are_those_of_one(
    render_scenes: Path, tmp_path: Path
) -> None:
    scene = render_scenes / "bodies.blend"
    words = ["-p", "depths", "--format", "npy", "--sequential"]
    render(scene, tmp_path / "one", *words).well()
    said = render(scene, tmp_path / "three", *words, jobs=3).well()
    assert "depends on the frame before" not in said.said
    renders.same(tmp_path / "three", tmp_path / "one")
    first, last = (np.load(tmp_path / "one" / "depths" / f"0000{n}.npy") for n in ("01", "12"))
    assert (first != last).any(), "nothing has moved"


def test_a_scene_whose_frames_follow_from_one_another_is_warned_of(
    render_scenes: Path, tmp_path: Path
) -> None:
    words = ["--dry-run", "-f", "1:2"]
    said = render(render_scenes / "bodies.blend", tmp_path / "out", *words, jobs=2).well()
    told = [line for line in said.warnings() if "depends on the frame before" in line]
    assert len(told) == 1 and "rigid bodies" in told[0] and "--sequential" in told[0], said.said
