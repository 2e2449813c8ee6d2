"""Clients with VisionSim's names: what they return, render, and skip."""

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch.render import BlenderClient, BlenderClients
from support.animations import FRAMES, Updates, files, times, transforms
from support.processes import eventually, has_ended
from support.runtimes import Runtime

# Passes that are OpenEXR here.
EXRS = ["depths", "normals", "flows", "segmentations", "diffuse", "points", "emission"]
EXRS += ["cryptomatte"]


def test_what_clients_say_is_a_tuple_of_plain_values_or_none(monkey: BlenderClients) -> None:
    assert len(monkey) == 2
    assert monkey.animation_range() == (range(1, 5), range(1, 5))
    assert monkey.animation_range_tuple() == ((1, 4, 1), (1, 4, 1))
    assert monkey.common_animation_range() == range(1, 5)
    assert monkey.common_animation_range_tuple() == (1, 4, 1)
    assert monkey.original_fps() == (24, 24) and monkey.get_original_fps() == (24.0, 24.0)
    assert monkey.set_resolution((24, 36)) is None
    info = monkey.camera_info()[1]
    assert (info["h"], info["w"]) == (24, 36) and info["fl_x"] == info["fl_y"]
    assert monkey.empty_transforms()[0] == info
    assert np.allclose(monkey.camera_intrinsics()[0], [[50, 0, 18], [0, 50, 12], [0, 0, 1]])
    assert monkey.camera_extrinsics()[0][1][3] == -8
    assert {curve["data_path"] for curve in monkey.iter_fcurves()[0]} == {"location"}
    assert monkey.cycles_settings(max_samples=1, use_denoising=False) == ([], [])
    assert monkey.cycles_settings("cpu", False)[0]


def test_what_a_client_changes_is_asked_again(monkey: BlenderClients) -> None:
    monkey.set_animation_range(2, 9, 2)
    assert monkey.common_animation_range() == range(2, 9, 2)
    monkey.set_animation_range(start=1, stop=5, step=1)
    monkey.move_keyframes(scale=2)
    monkey.move_keyframes(shift=1.0)
    assert monkey.common_animation_range_tuple() == (3, 10, 1)
    monkey.set_resolution(width=40, height=np.int64(20), resolution_percentage=50)
    assert monkey.camera_info()[0]["w"] == 20
    monkey.unbind_camera()
    monkey.position_camera(np.array([0.0, -4.0, 0.0]), look_at=(0, 0, 0))
    monkey.rotate_camera(math.pi / 2)
    monkey.offset_camera([0, 0, 1])
    assert np.allclose(np.array(monkey.camera_extrinsics()[1])[:3, 3], (0, -5, 0), atol=1e-5)
    monkey.set_camera_keyframe(1, np.eye(4))
    monkey.set_current_frame(1)
    assert np.allclose(monkey.camera_extrinsics()[0], np.eye(4))
    monkey.use_animations(False)
    monkey.use_motion_blur(False)
    monkey.image_settings("PNG", 8, "RGB")
    monkey.denoise(False)
    monkey.samples(1)
    monkey.camera("Camera")
    monkey.engine("cycles")
    with pytest.raises(ValueError, match="only one of"):
        monkey.position_camera(rotation=(0, 0, 0), look_at=(0, 0, 0))
    with pytest.raises(KeyError, match="no camera 'Nobody'"):
        monkey.camera("Nobody")
    with pytest.raises(RuntimeError, match="no add-on"):
        monkey.load_addons("nobody_has_this")
    # What was refused is not done again.
    assert monkey.common_animation_range_tuple() == (3, 10, 1)


def test_frames_are_rendered_by_range_by_list_and_as_they_are(
    monkey: BlenderClients, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    monkey.include_frames()
    monkey.include_depths()
    monkey.include_depths(preview=False)
    monkey.render_animation(2, 4, 2)
    assert files(out, "frames") == ["000002.png", "000004.png"] == _pngs(out, "depths")
    monkey.render_current_frame()
    assert files(out, "frames") == ["000002.png", "000003.png", "000004.png"]
    # What was rendered is no current frame, whichever Blender did it; nor is a current frame a
    # part of what a frame was rendered with.
    assert len({str(pose) for pose in monkey.camera_info()}) == 1 and monkey._ask(
        "current_frame"
    ) == (3, 3)
    monkey.render_frames(iter([np.int64(1), 7]))
    monkey.render_frame(9)
    assert files(out, "frames") == [*FRAMES, "000007.png", "000009.png"]
    monkey.set_current_frame(9)
    monkey.render_current_frame()
    told = Updates()
    monkey.render_animation(update_fn=told)
    assert told == [{"total": 4}, *4 * [{"advance": 1}]]
    assert monkey.iter_fcurves() and monkey._ask("current_frame") == (9, 9)
    with pytest.raises(ValueError, match="the frame"):
        monkey.set_current_frame(10**9)
    assert not (out / "previews").exists()
    assert len(transforms(out)["frames"]) == 6


def _pngs(out: Path, kind: str) -> list[str]:
    return [name.replace(".exr", ".png") for name in files(out, kind)]


def test_frames_that_are_done_are_skipped(monkey: BlenderClients, tmp_path: Path) -> None:
    out, told = tmp_path / "out", Updates()
    monkey.include_frames()
    assert monkey.render_animation(dry_run=True, update_fn=told) is None
    assert told == [{"total": 4}, *4 * [{"advance": 1}]] and files(out, "frames") == []
    monkey.render_animation()
    before = times(out)
    monkey.render_animation()
    assert times(out) == before
    (out / "frames" / "000002.png").write_bytes(b"")
    (out / "frames" / "000003.png").unlink()
    monkey.render_animation()
    again = {name for name, when in times(out).items() if before[name] != when}
    assert again == {"000002.png", "000003.png"}
    monkey.render_animation(allow_skips=False)
    assert not before.items() & times(out).items()
    # A new pass of finished frames.
    monkey.include_depths()
    monkey.render_animation()
    assert len(files(out, "depths")) == 4


def test_a_camera_may_move_between_frames(monkey: BlenderClients, tmp_path: Path) -> None:
    monkey.include_frames("JPEG")
    monkey.include_frames()
    for frame, x in ((1, 0.0), (2, 0.5)):
        monkey.position_camera(location=(x, -8, 0))
        monkey.render_frame(frame)
    out = tmp_path / "out"
    assert files(out, "frames") == FRAMES[:2]
    places = [frame["transform_matrix"][0][3] for frame in transforms(out)["frames"]]
    assert places == [0.0, 0.5]


def test_visionsims_layout_and_others_settings_in_one_folder(
    monkey: BlenderClients, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    monkey.include_frames()
    monkey.include_depths(debug=False)
    monkey.layout("a2")
    monkey.render_frame(2)
    assert files(out, "depths") == ["depth_000002.exr"]
    assert files(out, "frames") == ["frame_000002.png"]
    # What is there was rendered otherwise: it is neither kept for this nor overwritten.
    monkey.set_resolution((16, 24))
    with pytest.raises(RuntimeError, match=r"frame 2 was rendered otherwise .set_resolution"):
        monkey.render_animation()
    before = times(out)
    monkey.render_frame(2, allow_skips=False)
    assert times(out) != before


def test_every_pass_can_be_included(monkey: BlenderClients, tmp_path: Path) -> None:
    monkey.include_frames(file_format="OPEN_EXR", color_mode="RGBA", bit_depth=16)
    monkey.include_composites("OPEN_EXR", "RGB", "PIZ", 16)
    monkey.include_composites(file_format="PNG", bit_depth=16)
    monkey.include_depths(True, "OPEN_EXR", "ZIP", 32)
    monkey.include_normals(preview=True, exr_codec="PIZ", bit_depth=16)
    monkey.include_flows("backward", False)
    monkey.include_flows(direction="both")
    monkey.include_segmentations(shuffle=True, seed=1, exr_codec="DWAA")
    monkey.include_materials(preview=False, file_format="PNG", bit_depth=16)
    monkey.include_diffuse_pass()
    monkey.include_specular_pass(denoise=False, file_format="NPY")
    monkey.include_points()
    monkey.include_emission()
    monkey.include_cryptomatte()
    monkey.include_ids(instances={"Suzanne": 7})
    monkey.render_frame(2)
    out = tmp_path / "out"
    kinds = {path.parent.name: path.suffix for path in out.glob("*/000002.*")}
    assert kinds == {
        "frames": ".exr",
        "composites": ".png",
        "specular": ".npy",
        "materials": ".png",
        "previews": ".png",
        **dict.fromkeys(EXRS, ".exr"),
    }
    (suzanne,) = json.loads((out / "ids.json").read_text())["instances"]
    assert (suzanne["name"], suzanne["id"]) == ("Suzanne", 7)


def test_renders_that_nobody_waits_for(monkey: BlenderClients, tmp_path: Path) -> None:
    monkey.include_frames()
    result = monkey.render_animation_async(allow_skips=False)
    monkey.wait()
    assert result.ready and not result.error and result.value is None
    assert files(tmp_path / "out", "frames") == FRAMES
    heard: list[Any] = []
    result = monkey.render_frames_async([])
    result.add_callback(heard.append)
    with pytest.raises(ValueError, match="no frame numbers"):
        monkey.wait()
    assert result.error and heard == [result]
    with pytest.raises(ValueError, match="no frame numbers"):
        _ = result.value
    monkey.wait()


def test_the_first_one_saves_the_file_as_the_user_has_it(
    monkey: BlenderClients, assets: Path, tmp_path: Path
) -> None:
    monkey.set_resolution(20, 30)
    monkey.save_file(tmp_path / "saved.blend")
    with pytest.raises(ValueError, match="the file that is open"):
        monkey.save_file(assets / "monkey.blend")
    saved = [path.name for path in tmp_path.iterdir()]
    assert saved == ["saved.blend"]
    monkey.initialize(tmp_path / "saved.blend", tmp_path / "out")
    assert monkey.camera_info()[0]["w"] == 30


def test_waiting_costs_next_to_nothing(
    clients: BlenderClients, assets: Path, tmp_path: Path
) -> None:
    clients.initialize(assets / "slow.blend", tmp_path)
    clients.include_frames()
    began, used = time.monotonic(), time.process_time()
    clients.render_animation(1, 2)
    passed, used = time.monotonic() - began, time.process_time() - used
    assert used < 0.3 * passed, (used, passed)


def test_values_stay_when_the_blender_has_ended(assets: Path, tmp_path: Path) -> None:
    with BlenderClient.spawn(-1.0, log=str(tmp_path / "logs"), executable=None) as client:
        client.initialize(str(assets / "monkey.blend"), str(tmp_path), load_ui=False)
        frames, info = client.animation_range(), client.camera_info()
        assert client.animation_range_tuple() == (1, 4, 1)
        assert client.render_current_frame(dry_run=True) is None
        client.include_frames()
        pids = client._fleet.pids()
    eventually("it has ended", lambda: all(has_ended(pid) for pid in pids))
    assert list(frames) == [1, 2, 3, 4] and info["w"] == 48
    assert len(list((tmp_path / "logs").iterdir())) == 1
    for call in (client.animation_range, client.render_current_frame, client.close):
        with pytest.raises(RuntimeError, match="Blenders have been ended"):
            call()


def test_a_command_line_is_a_blender_too(blender_runtime: Runtime) -> None:
    blender = blender_runtime.words[0]
    with BlenderClient.spawn(timeout=120, executable=f"env A_WORD=1 {blender}") as client:
        words = Path(client._fleet._program.name, "blender")
        assert f"exec env A_WORD=1 {blender} " in words.read_text()
        with pytest.raises(ValueError, match=r"nothing\.blend is not there"):
            client.initialize("nothing.blend", "nowhere")
    assert not words.exists()
