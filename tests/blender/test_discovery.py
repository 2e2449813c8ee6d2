"""Which Blender is found, where it is looked for first, and which is refused."""

import os
from pathlib import Path

import pytest
from blendtorch import btt
from support.fleets import launcher, written
from support.runtimes import Runtime


def test_conformance_surface_discover_blender_looks_where_it_is_told_first(
    blender_runtime: Runtime, tmp_path: Path
) -> None:
    program = Path(blender_runtime.place)
    usual = btt.discover_blender()
    assert usual is not None and set(usual) == {"path", "major", "minor"}
    found = btt.discover_blender(f"{tmp_path}{os.pathsep}{program.parent}")
    assert found is not None and found["path"] == program
    assert found == btt.discover_blender(program) == btt.discover_blender(str(program))
    # Folders are looked in before the usual places; a program is asked about alone.
    assert btt.discover_blender(str(tmp_path)) == usual
    other = tmp_path / "blender"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    assert btt.discover_blender(other) is None


def test_conformance_surface_discover_blender_is_none_without_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BLENDTORCH_BLENDER", raising=False)
    monkeypatch.setenv("BLENDTORCH_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert btt.discover_blender() is None
    assert btt.discover_blender(str(tmp_path)) is None


def test_discover_blender_finds_the_one_that_runs() -> None:
    found = btt.discover_blender()
    assert found is not None, "no Blender: run `make setup`"
    assert Path(found["path"]).exists()
    assert (found["major"], found["minor"]) >= (3, 4)


def test_a_blender_without_our_package_is_refused_with_what_the_doctor_says(
    blender_runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLENDTORCH_CACHE", str(tmp_path / "before set-up"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    wanted = r"cannot import blendtorch: No module named 'blendtorch'; .*blendtorch setup --wheel"
    with pytest.raises(btt.LaunchError, match=wanted):
        launcher(written(tmp_path, ""), blender_runtime).__enter__()
