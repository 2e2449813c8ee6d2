"""What clients raise, and that what fails ends nothing else."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from blendtorch.render import BlenderClient, BlenderClients, BlenderServer
from support.animations import FRAMES, Updates, files
from support.processes import eventually


def test_what_cannot_be_included_is_said(monkey: BlenderClients, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing is included"):
        monkey.render_animation()
    with pytest.raises(ValueError, match="OPEN_EXR or NPY"):
        monkey.include_depths(file_format="HDR")
    with pytest.raises(ValueError, match="there is no format 'WEBP'"):
        monkey.include_frames("WEBP")
    with pytest.raises(ValueError, match=r"image_settings: .*NOTHING"):
        monkey.include_composites(exr_codec="NOTHING")
    with pytest.raises(ValueError, match="layout must be"):
        monkey.layout("a1")
    with pytest.raises(ValueError, match="direction must be"):
        monkey.include_flows(direction="sideways")
    with pytest.raises(NotImplementedError, match="denoise=True"):
        monkey.include_diffuse_pass(denoise=True)
    monkey.include_flows()
    with pytest.raises(ValueError, match="no frame numbers"):
        monkey.render_frames([])
    with pytest.raises(ValueError, match="frames"):
        monkey.render_animation(4, 2)
    monkey.include_segmentations(bit_depth=16)
    with pytest.raises(ValueError, match="ids would change"):
        monkey.render_frame(1)
    monkey.include_segmentations(exr_codec="PXR24")
    with pytest.raises(ValueError, match="PXR24"):
        monkey.render_frame(1)
    monkey.include_segmentations()
    monkey.use_motion_blur(True)
    with pytest.raises(RuntimeError, match="motion blur"):
        monkey.render_frame(1)
    monkey.use_motion_blur(False)
    monkey.engine("workbench")
    with pytest.raises(ValueError, match="WORKBENCH"):
        monkey.render_frame(1)
    monkey.engine("cycles")
    monkey.render_frame(1)
    assert files(tmp_path / "out", "flows") == ["000001.exr"]


def test_files_that_cannot_be_rendered_are_refused(
    clients: BlenderClients, assets: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"blind\.blend.* has no camera"):
        clients.initialize(assets / "blind.blend", tmp_path)
    with pytest.raises((FileNotFoundError, ValueError), match=r"nowhere\.blend"):
        clients.initialize("nowhere.blend", tmp_path)
    clients.close()
    with pytest.raises(RuntimeError, match="initialize"):
        clients.render_animation()
    with pytest.raises(RuntimeError, match="initialize"):
        clients.animation_range()
    assert list(tmp_path.iterdir()) == []


def test_a_callback_that_raises_ends_its_render_alone(
    monkey: BlenderClients, tmp_path: Path
) -> None:
    def fails(**values: Any) -> None:
        if "advance" in values:
            raise LookupError("a callback's own")

    monkey.include_frames()
    with pytest.raises(LookupError, match="a callback's own"):
        monkey.render_animation(update_fn=fails)
    assert monkey.common_animation_range_tuple() == (1, 4, 1)
    monkey.render_animation()
    assert files(tmp_path / "out", "frames") == FRAMES


def test_a_frame_that_cannot_be_rendered_is_named_and_the_others_are_done(
    clients: BlenderClients, assets: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clients.initialize(assets / "third.blend", tmp_path)
    clients.include_frames()
    told = Updates()
    with pytest.raises(RuntimeError, match=r"^1 frame could .* frame 3: .*PANO"):
        clients.render_animation(update_fn=told)
    assert told == [{"total": 4}, *4 * [{"advance": 1}]]
    assert files(tmp_path, "frames") == [name for name in FRAMES if "3" not in name]
    capfd.readouterr()
    with pytest.raises(RuntimeError, match="frame 3"):
        clients.render_frame(3)
    # What was said of a file is not said again.
    assert "frame 3" not in capfd.readouterr().err
    assert clients.common_animation_range_tuple() == (1, 4, 1)


def test_a_blender_that_is_killed_is_replaced_with_all_that_was_done(
    monkey: BlenderClients, tmp_path: Path
) -> None:
    monkey.set_resolution(20, 30)
    killed = []

    def kills(**values: Any) -> None:
        if not killed and "advance" in values:
            killed.append(monkey._fleet.pids()[1])
            os.kill(killed[0], signal.SIGKILL)

    monkey.include_frames()
    monkey.render_animation(update_fn=kills)
    assert files(tmp_path / "out", "frames") == FRAMES
    eventually("it is replaced", lambda: killed[0] not in monkey._fleet.pids())
    assert monkey.camera_info()[1]["w"] == 30


def test_a_blender_that_was_killed_a_moment_ago_is_waited_for(monkey: BlenderClients) -> None:
    gone = monkey._fleet.pids()[1]
    try:
        os.kill(gone, signal.SIGKILL)
        assert monkey.common_animation_range_tuple() == (1, 4, 1)
    finally:
        eventually("it is replaced", lambda: gone not in monkey._fleet.pids())


def test_what_is_not_here_says_what_is() -> None:
    for call in (
        BlenderServer,
        BlenderServer.spawn,
        BlenderServer.spawn_registry,
        BlenderServer.discover,
        BlenderClient.auto_connect,
        lambda: BlenderClient(("localhost", 1234)),
        lambda: BlenderClients(("localhost", 1234), ("localhost", 1235)),
        lambda: BlenderClients.pool(conns=[("localhost", 1234)]),
    ):
        with pytest.raises(NotImplementedError, match=r"is not here: .*(spawn|pool|status)"):
            call()


def test_what_clients_have_not_says_what_they_have(clients: BlenderClients) -> None:
    with pytest.raises(NotImplementedError, match="workbench"):
        clients.render_playblast(1, 2, video=False)
    for call in (clients.include_thermal, clients.save_lighting, clients.with_logger):
        with pytest.raises(NotImplementedError, match="is not here: "):
            call()
    with pytest.raises(NotImplementedError, match="pool"):
        iter(clients)
    with pytest.raises(TypeError, match="log must be a folder"), BlenderClients.spawn(log=2.0):
        pass


def test_blenders_that_are_late_are_a_timeout() -> None:
    with pytest.raises(TimeoutError, match="not ready within"):
        BlenderClient.spawn(timeout=0.01).__enter__()
