"""`blendtorch render`: every pass of the golden scene, names, formats, parts of the range."""

import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image
from support import renders
from support.renders import channels, described, render
from support.runtimes import Runtime

GOLDEN = Path(__file__).with_name("golden")
# All that has files of its own in either layout.
A2 = "frames,depths,normals,flows,segmentations"
PASSES = [
    *("frames", "composites", "depths", "normals", "flows", "segmentations", "materials"),
    *("diffuse", "specular", "points", "emission", "cryptomatte"),
]


def colors(path: Path, letters: str = "RGB") -> np.ndarray:
    """An OpenEXR file's pixels, as its reader orders them by letter."""
    found = channels(path)
    return np.stack([found[letter] for letter in letters], axis=-1)


def one(path: Path) -> np.ndarray:
    """The channel `V`; Blender before 4.3 has three that are equal."""
    found = channels(path)
    return found.get("V", found.get("R"))


def same_parts(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Whatever the ids are called: pixels that share one share one there too."""
    pairs = set(zip(ours.ravel().tolist(), theirs.ravel().tolist(), strict=True))
    assert len(pairs) == len(np.unique(ours)) == len(np.unique(theirs)) == 3
    assert (0, 0) in pairs


def right_camera(out: Path) -> None:
    """The golden camera, whose `fl_y` VisionSim has wrong."""
    told = json.loads((out / "transforms.json").read_text())
    assert told["fl_x"] == told["fl_y"] == pytest.approx(88.8889, abs=1e-4)
    assert (told["cx"], told["cy"], told["w"], told["h"]) == (32, 24, 64, 48)
    sine, cosine = np.sin(np.radians(65)), np.cos(np.radians(65))
    pose = [[1, 0, 0, 0], [0, cosine, -sine, -8], [0, sine, cosine, 4], [0, 0, 0, 1]]
    assert np.allclose(told["frames"][0]["transform_matrix"], pose, atol=1e-6)


def test_every_pass_of_the_golden_scene_is_what_it_is_to_be(tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(GOLDEN / "golden.blend", out, "-p", "all", "-f", 3, "--previews").well()
    for name in [*PASSES, "previews"]:
        assert [file.stem for file in (out / name).iterdir()] == ["000003"], name
    theirs = GOLDEN / "out_45"

    depth = channels(out / "depths" / "000003.exr")["V"]
    assert np.abs(depth - one(theirs / "depth_000003.exr")).max() <= 1e-4

    normals = colors(out / "normals" / "000003.exr")
    assert np.abs(normals - colors(theirs / "normal_000003.exr")).max() <= 1e-4

    flows = channels(out / "flows" / "000003.exr")
    raw = colors(theirs / "flow_000003.exr")
    assert np.abs(flows["forward.x"] + raw[..., 2]).max() <= 1e-4
    assert np.abs(flows["backward.x"] - raw[..., 0]).max() <= 1e-4
    assert np.abs(flows["backward.y"] + raw[..., 1]).max() <= 1e-4
    # Their fourth channel is 1 everywhere: what projecting the point by hand gives, y down.
    moves = [flows[f"forward.{axis}"][18, 34] for axis in "xy"]
    assert np.allclose(moves, [3.5985, -1.6682], atol=2e-3)

    ids = channels(out / "segmentations" / "000003.exr")
    assert ids["instance"].dtype == np.uint32
    same_parts(ids["instance"], one(theirs / "segmentation_000003.exr"))
    table = json.loads((out / "ids.json").read_text())
    named = {one["name"]: one["id"] for one in table["instances"]}
    assert ids["instance"][18, 32] == named["sphere"]
    assert ids["instance"][40, 32] == named["plane"]

    points = channels(out / "points" / "000003.exr")
    assert abs(points["Z"][40, 32]) < 1e-4
    with OpenEXR.File(str(out / "cryptomatte" / "000003.exr"), separate_channels=True) as file:
        manifests = [v for name, v in file.header().items() if name.endswith("/manifest")]
    assert any("sphere" in text for text in manifests)
    right_camera(out)
    assert Image.open(out / "frames" / "000003.png").size == (64, 48)


def test_the_other_blender_has_its_own_golden_values_in_visionsims_files(
    blender_runtime: Runtime, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["-p", A2, "-f", 3, "--layout", "a2", "--previews"]
    scene = GOLDEN / "golden_blender341.blend"
    render(scene, out, *words, "--blender", blender_runtime.place).well()
    assert sorted(renders.files(out)) == sorted(
        [
            "depths/debug_depth_000003.png",
            "depths/depth_000003.exr",
            "flows/debug_bwd_flow_000003.png",
            "flows/debug_fwd_flow_000003.png",
            "flows/flow_000003.exr",
            "frames/frame_000003.png",
            "ids.json",
            "normals/debug_normal_000003.png",
            "normals/normal_000003.exr",
            "segmentations/debug_segmentation_000003.png",
            "segmentations/segmentation_000003.exr",
            "transforms.json",
        ]
    )
    theirs = GOLDEN / "out_341"
    for kind, letters in (("normal", "RGB"), ("flow", "RGBA")):
        file = f"{kind}_000003.exr"
        ours = colors(out / f"{kind}s" / file, letters)
        assert np.abs(ours - colors(theirs / file, letters)).max() <= 1e-4, kind
    depth = one(out / "depths" / "depth_000003.exr")
    assert np.abs(depth - one(theirs / "depth_000003.exr")).max() <= 1e-4
    ids = one(out / "segmentations" / "segmentation_000003.exr")
    assert ids.dtype == np.float32
    same_parts(ids, one(theirs / "segmentation_000003.exr"))
    right_camera(out)


def test_a_dry_run_writes_nothing(render_scenes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = render(render_scenes / "ball.blend", out, "--dry-run").well()
    assert "8 of 8 frames" in said.said
    assert not out.exists()


def test_the_command_line_goes_before_the_file_and_keyframes_are_moved(
    render_scenes: Path, tmp_path: Path
) -> None:
    # Paths in the file are looked up beside it; half the time: frames 0 to 3.
    keys = {"keyframes": 0.5, "samples": 2, "passes": {"depths": {"format": "npy"}}}
    (tmp_path / "ball.blend").symlink_to(render_scenes / "ball.blend")
    job = described(tmp_path / "render.json", Path("ball.blend"), **keys, resolution="64x64")
    out = tmp_path / "out"
    render(job, out, "--resolution", "24x16", jobs=2).well()
    (settings,) = renders.rows(out, "SELECT json FROM settings")
    steps = dict(json.loads(settings[0])["steps"])
    assert steps["set_resolution"] == {"height": 16, "width": 24}
    assert steps["samples"] == {"count": 2}
    files = sorted((out / "depths").iterdir())
    assert [file.name for file in files] == [f"00000{n}.npy" for n in range(4)]
    assert np.load(files[0]).shape == (16, 24)
    told = json.loads((out / "transforms.json").read_text())
    assert [frame["depth_file_path"] for frame in told["frames"]] == [
        f"depths/00000{n}.npy" for n in range(4)
    ]


def test_all_layers_of_a_frame_in_one_file_and_some_frames_alone(
    render_scenes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["-p", "frames,depths,segmentations", "--multilayer", "-f", "5"]
    render(render_scenes / "ball.blend", out, *words).well()
    assert sorted(renders.files(out)) == [
        "frames/000005.png",
        "ids.json",
        "layers/000005.exr",
        "transforms.json",
    ]
    layers = channels(out / "layers" / "000005.exr")
    assert {"depths.V", "segmentations.instance", "segmentations.category"} <= layers.keys()


def test_composites_are_what_the_scenes_compositor_makes(
    render_scenes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    render(render_scenes / "composed.blend", out, "-p", "frames,composites").well()
    for frame in ("000001.png", "000002.png"):
        plain = np.asarray(Image.open(out / "frames" / frame).convert("RGB"), int)
        turned = np.asarray(Image.open(out / "composites" / frame).convert("RGB"), int)
        # Dark where it was light: the sum of both is about the same everywhere, in linear light.
        light, dark = (np.where(x <= 10, x / 3295, ((x / 255 + 0.055) / 1.055) ** 2.4)
                       for x in (plain, turned))  # fmt: skip
        shown = (plain < 250) & (turned < 250) & (plain > 5) & (turned > 5)
        assert shown.any() and np.abs(light + dark - 1)[shown].max() < 0.03
