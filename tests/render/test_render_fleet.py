"""`RenderFleet` and `RenderJob`: the keys of render.json, from Python."""

from pathlib import Path

import pytest
from blendtorch import btt
from blendtorch.render import RenderFleet, RenderJob
from support.animations import files


def test_jobs_are_rendered_by_their_keys(assets: Path, tmp_path: Path) -> None:
    heard = []
    with RenderFleet(jobs=1, timeout=120, env={"LP_NUM_THREADS": "0"}) as fleet:
        assert fleet.workers == 1 and fleet.blender.count(".") == 2
        job = RenderJob(
            scene=assets / "monkey.blend",
            out=tmp_path / "out",
            frames="1:3:2",
            passes=["frames", "depths"],
            resolution="24x16",
            samples=1,
            engine=None,
        )
        assert "frames='1:3:2'" in repr(job) and "engine" not in repr(job)
        outcome = fleet.render(job, lambda **values: heard.append(values))
        assert (outcome["total"], outcome["done"], outcome["failed"]) == (2, 2, [])
        assert heard == [{"total": 2}, {"advance": 1}, {"advance": 1}]
        assert files(tmp_path / "out", "depths") == ["000001.exr", "000003.exr"]
        assert fleet.render(job)["skipped"] == 2
        again = fleet.render(RenderJob(**{**job.keys, "anew": True, "frames": [3]}))
        assert (again["skipped"], again["done"]) == (0, 1)
        with pytest.raises(RuntimeError, match="holds another job: samples"):
            fleet.render(RenderJob(**{**job.keys, "samples": 2}))
        with pytest.raises(ValueError, match="unknown field `sample`"):
            fleet.render(RenderJob(**job.keys, sample=2))
        with pytest.raises(ValueError, match="out: no folder"):
            fleet.render(RenderJob(scene=assets / "monkey.blend"))
    with pytest.raises(RuntimeError, match="Blenders have been ended"):
        fleet.render(job)


def test_the_processor_is_a_device(assets: Path, tmp_path: Path) -> None:
    with RenderFleet(jobs=1, timeout=120) as fleet:
        keys = {"scene": assets / "monkey.blend", "frames": [1], "device": "cpu"}
        assert fleet.render(RenderJob(out=tmp_path / "out", **keys))["done"] == 1


def test_what_a_fleet_cannot_be_made_of_is_said() -> None:
    with pytest.raises(ValueError, match="unknown field `job`"):
        RenderFleet(job=2)
    with pytest.raises(btt.LaunchError, match=r"no_such_blender"):
        RenderFleet(jobs=1, blender="/no_such_blender")
