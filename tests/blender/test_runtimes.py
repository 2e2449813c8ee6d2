"""The `bpy` module and a `blender` program side by side: same samples, and how each is found."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btt
from support import DATAGEN, HANG_S
from support.runtimes import Runtime, bpy_python, cache_folder
from support.streams import dataset

SHAPE = (120, 160, 3)


def samples(runtime: Runtime, script: str, count: int) -> list[dict[str, Any]]:
    """The first samples of one instance, through the launcher and a socket."""
    height, width, _ = SHAPE
    arguments = ["--width", str(width), "--height", str(height), "--describe"]
    with btt.BlenderLauncher(
        "",
        DATAGEN / script,
        named_sockets=["DATA"],
        instance_args=[arguments],
        proto="ipc",
        seed=3,
        background=True,
        blender=runtime.place,
    ) as bl:
        return list(islice(dataset(*bl.launch_info.addresses["DATA"]), count))


# Falling cubes: only until the first one may touch the floor. What comes of that is as sensitive as
# Bullet's build.
@pytest.mark.parametrize(
    ("script", "count"), [("cube.blend.py", 20), ("falling_cubes.blend.py", 8)]
)
def test_the_same_seed_gives_the_same_samples(
    bpy_runtime: Runtime, blender_runtime: Runtime, script: str, count: int
) -> None:
    ours, theirs = (samples(r, script, count) for r in (bpy_runtime, blender_runtime))
    assert len(ours) == len(theirs) == count
    assert {i["blender"] for i in ours}.isdisjoint(i["blender"] for i in theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a["frameid"] == b["frameid"]
        assert a["image"].shape == b["image"].shape == SHAPE
        assert a["image"].std() > 10, "there must be something to see"
        np.testing.assert_allclose(a["xy"], b["xy"], atol=1e-3)
        # Of 255; a pixel along an edge may fall to either side.
        assert np.abs(a["image"].astype(int) - b["image"]).mean() < 0.5


def test_an_installed_blender_does_not_take_the_place_of_the_managed_one(
    blender_runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BLENDTORCH_BLENDER", raising=False)
    managed, named = btt.discover_blender(), btt.discover_blender(blender_runtime.place)
    assert managed is not None and named is not None
    assert managed["path"].parts[-3].startswith("bpy-")
    assert str(named["path"]) == blender_runtime.place
    monkeypatch.setenv("BLENDTORCH_BLENDER", blender_runtime.place)
    assert btt.discover_blender() == named


@contextmanager
def copied_cache() -> Iterator[Path]:
    """A cache folder with a copy of the managed Blender, made of links to the same files."""
    environment = Path(bpy_python()).parents[1]
    # Beside the original: links do not reach other file systems.
    cache = Path(tempfile.mkdtemp(prefix="test-", dir=environment.parent))
    try:
        subprocess.run(["cp", "-al", environment, cache / environment.name], check=True)
        yield cache
    finally:
        shutil.rmtree(cache)


def test_setup_lays_the_package_out_once_and_anew_for_another_wheel(tmp_path: Path) -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR") or cache_folder() / "target")
    (built,) = (target / "wheels" / "checked").glob("*.whl")
    wheel = tmp_path / built.name
    shutil.copy(built, wheel)
    with copied_cache() as cache:
        packages = cache / "blender-packages"

        def setup() -> str:
            program = Path(sys.executable).with_name("blendtorch")
            done = subprocess.run(
                [program, "setup", "--wheel", wheel],
                env={**os.environ, "BLENDTORCH_CACHE": str(cache)},
                capture_output=True,
                text=True,
                timeout=HANG_S,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stderr

        assert f"laying {wheel.name} into {packages}" in setup()
        import_it = "import sys; sys.path.insert(0, sys.argv[1]); import blendtorch._blendtorch"
        subprocess.run([sys.executable, "-I", "-S", "-c", import_it, packages], check=True)
        assert not list(packages.glob("numpy*")), "numpy is Blender's own"

        # What is there of an older wheel goes with it.
        old = packages / "blendtorch" / "old.py"
        old.touch()
        assert "laying" not in setup()
        assert old.exists()
        os.utime(wheel, (1, 1))
        assert "laying" in setup()
        assert (packages / "blendtorch" / "btb").is_dir() and not old.exists()
        assert sorted(p.name for p in cache.glob("blender-packages*")) == ["blender-packages"]
