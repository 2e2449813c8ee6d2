"""Jobs that cannot be: one error each, which names what is wrong; exit code 1, nothing hangs."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import HANG_S, renders
from support.programs import program
from support.renders import described, render

FLOWS = ["-p", "frames,flows"]

# Scene, words, and what the error says.
WRONG: list[tuple[str, list[Any], list[str]]] = [
    ("gone", [], ["scene: ", "gone.blend is not there"]),
    ("none", [], ["none.blend does not open", "no .blend file"]),
    ("cut", [], ["cut.blend does not open", "damaged"]),
    ("no_camera", [], ["no_camera.blend", "has no camera"]),
    ("ball", ["--frames", "5:3"], ["frames 5:3 is empty", "comes before the first"]),
    ("ball", ["--frames", "9:"], ["frames 9:8 is empty"]),
    ("ball", ["--frames", "1:5:0"], ["step must be at least 1"]),
    ("ball", ["--frames", "1:1048574"], ["frame 1048574 is none that Blender renders"]),
    ("ball", ["--frames", "-1:2"], ["frame -1 is none that Blender renders"]),
    ("ball", ["--engine", "workbench", *FLOWS], ["flows", "WORKBENCH"]),
    ("ball", ["--motion-blur", "true", *FLOWS], ["motion blur", "flows"]),
    ("ball", ["--camera", "Nobody"], ["camera", "Nobody", "Camera"]),
    ("ball", ["--engine", "luxcore"], ["luxcore", "CYCLES"]),
    ("ball", ["--device", "optix"], ["OPTIX"]),
    ("ball", ["--samples", "0"], ["samples: "]),
    ("ball", ["--keyframes", "1e9"], ["keyframes"]),
]


@pytest.mark.parametrize(("scene", "words", "says"), WRONG, ids=lambda one: str(one)[:24])
def test_what_cannot_be_is_one_error_before_the_first_frame(
    render_scenes: Path, tmp_path: Path, scene: str, words: list[Any], says: list[str]
) -> None:
    out = tmp_path / "out"
    error = render(render_scenes / f"{scene}.blend", out, *words, jobs=1).error()
    assert all(text in error for text in says), error
    assert "Traceback" not in error
    assert not [name for name in renders.files(out) if not name.startswith(".")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-p", "frames,depth"], "there is no pass 'depth'"),
        (["--frames", "1-5"], "'1-5' is no frame range"),
        (["--resolution", "640"], "'640' is no resolution"),
        (["--jobs", "0"], "'0' is no number of Blenders"),
    ],
)
def test_a_command_line_that_cannot_be_read_says_so_by_option(
    render_scenes: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    line = [program("blendtorch"), "render", render_scenes / "ball.blend", "-o", tmp_path, *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 2, done
    assert says in done.stderr and words[0] in done.stderr


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"passes": ["frames", "depth"]}, "passes"),
        ({"sample": 3}, "sample: unknown field"),
        ({"passes": {"depths": {"format": "jpeg"}}}, "depths"),
        ({"passes": {"segmentations": {"codec": "B44"}}}, "segmentations"),
        ({"steps": [["turn_upside_down", {}]]}, "turn_upside_down"),
        ({"steps": [["set_resolution", {"height": "tall"}]]}, "height must be a whole number"),
        ({"ids": {"instances": {"Ball": 1, "Plane": 1}}}, "Ball"),
    ],
)
def test_a_key_that_is_wrong_is_named(
    render_scenes: Path, tmp_path: Path, keys: dict[str, Any], says: str
) -> None:
    job = described(tmp_path / "render.json", render_scenes / "ball.blend", **keys)
    error = render(job, tmp_path / "out", jobs=1).error()
    assert says in error and "Traceback" not in error, error


@pytest.mark.parametrize("place", ["a file", "below a file", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_named(
    render_scenes: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    out = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "out"}.get(
        place, Path(place)
    )
    error = render(render_scenes / "ball.blend", out, jobs=1).error()
    assert str(out) in error and "cannot be used" in error, error


def test_what_a_scene_refers_to_and_is_missing_is_said_once(
    render_scenes: Path, tmp_path: Path
) -> None:
    said = render(render_scenes / "missing.blend", tmp_path / "out", jobs=2).well()
    told = [line for line in said.warnings() if " is missing: " in line]
    assert len(told) == 2, said.said
    assert any("library.blend" in line for line in told)
    assert any("texture.png" in line for line in told)


def test_a_blender_that_is_none_is_an_error(render_scenes: Path, tmp_path: Path) -> None:
    words = ["--blender", tmp_path / "nowhere"]
    error = render(render_scenes / "ball.blend", tmp_path / "out", *words).error()
    assert "nowhere" in error


def test_a_folder_without_a_ledger_cannot_be_inspected(tmp_path: Path) -> None:
    assert "nothing was rendered here" in renders.inspect(tmp_path).error()
