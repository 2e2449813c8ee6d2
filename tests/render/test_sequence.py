"""`blendtorch sequence`: each frame once, in order, decoded back by ffmpeg. What is wrong is one
error, and leaves no file."""

import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import render
from PIL import Image
from support import HANG_S, renders, videos
from support.processes import eventually, has_ended
from support.programs import Run
from support.videos import ffmpeg, plain, sequence

GRID = "frames,depths,flows,segmentations"


def greys(*values: int) -> dict[int, np.ndarray]:
    return {number: plain(value) for number, value in enumerate(values)}


def shown(video: Path) -> list[int]:
    """The grey of each frame."""
    return [round(frame.mean()) for frame in videos.frames(video)]


def left(folder: Path) -> list[str]:
    """The files of a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_frame_0_is_not_left_out_and_the_first_image_is_not_doubled_as_in_blender_pipe(
    tmp_path: Path,
) -> None:
    frames = videos.pictures(tmp_path / "frames", greys(10, 60, 110, 160, 210), "{:04}.png")
    video = tmp_path / "video.mkv"
    sequence(frames, video, "--fps", 24).well()
    assert shown(video) == [10, 60, 110, 160, 210]


@pytest.mark.parametrize("ending", ["mp4", "mov", "webm", "mkv", "gif"])
def test_every_format_has_every_frame_once_and_the_rate(tmp_path: Path, ending: str) -> None:
    values = [20 * number for number in range(12)]
    frames = videos.pictures(tmp_path / "frames", greys(*values), "shot_{}.png")
    video = tmp_path / f"video.{ending}"
    said = sequence(frames, video, "--fps", 25).well().said
    found = shown(video)
    assert len(found) == 12 and np.abs(np.subtract(found, values)).max() <= 3, found
    assert videos.fps(video) == 25
    assert videos.size(video) == (48, 32)
    assert "12 frames" in said and "25 frames a second" in said
    assert left(tmp_path) == [video.name]


def test_the_rate_of_television_is_a_fraction(tmp_path: Path) -> None:
    frames = videos.pictures(tmp_path / "frames", greys(*range(0, 100, 10)))
    video = tmp_path / "video.mp4"
    assert "30000/1001 frames a second" in sequence(frames, video, "--fps", 29.97).well().said
    assert videos.fps(video) == 29.97


def test_colours_are_converted_as_they_are_said_to_be(tmp_path: Path) -> None:
    red = np.zeros((720, 1280, 3), np.uint8)
    red[..., 0] = 255
    frames = videos.pictures(tmp_path / "frames", {1: red, 2: red})
    video = tmp_path / "video.mp4"
    sequence(frames, video, "--fps", 24).well()
    assert "bt709" in videos.about(video)
    assert np.abs(videos.frames(video)[0].astype(int) - red).max() <= 3
    luma = [ffmpeg(), "-v", "error", "-i", video, "-frames:v", "1", "-f", "rawvideo", "-"]
    planes = subprocess.run(luma, check=True, capture_output=True, timeout=HANG_S).stdout
    assert planes[0] == 63  # BT.709; by BT.601 it would be 81


def test_odd_sides_get_their_last_pixels_twice(tmp_path: Path) -> None:
    frames = videos.pictures(tmp_path / "frames", {1: plain(90, (31, 47))})
    video = tmp_path / "video.mp4"
    assert "odd number of pixels" in sequence(frames, video, "--fps", 24).well().said
    assert videos.size(video) == (48, 32)
    assert np.abs(videos.frames(video).astype(int) - 90).max() <= 2
    lossless = tmp_path / "video.mkv"
    assert "odd number" not in sequence(frames, lossless, "--fps", 24).well().said
    assert videos.size(lossless) == (47, 31)


def test_missing_frames_are_named_before_ffmpeg_starts(tmp_path: Path) -> None:
    pictures = greys(*range(0, 240, 20))
    for number in (3, 7, 8, 9):
        del pictures[number]
    frames = videos.pictures(tmp_path / "frames", pictures)
    video = tmp_path / "video.mkv"
    nowhere = renders.environment(BLENDTORCH_FFMPEG="/no/such")
    error = sequence(frames, video, "--fps", 24, env=nowhere).error()
    assert "of 12 frames 4 of frames are missing: 3, 7-9;" in error
    assert "--allow-missing" in error and not video.exists()
    said = sequence(frames, video, "--fps", 24, "--allow-missing").well().said
    assert "left out: 3, 7-9" in said
    assert shown(video) == [0, 20, 40, 80, 100, 120, 200, 220]
    # Who says which frames there should be hears of the ends too.
    error = sequence(frames, video, "--fps", 24, "--overwrite", "--frames", "0:13").error()
    assert "3, 7-9, 12, 13" in error


def copied(whole_render: Path, tmp_path: Path) -> Path:
    """A render that a test changes."""
    return Path(shutil.copytree(whole_render, tmp_path / "out"))


def test_the_ledger_knows_rate_and_frames_also_the_first_and_the_last(
    whole_render: Path, tmp_path: Path
) -> None:
    out = copied(whole_render, tmp_path)
    video = tmp_path / "video.mkv"
    for folder in (out, out / "frames"):
        sequence(folder, video, "--overwrite").well()
        assert videos.fps(video) == 24
        found = videos.frames(video)
        assert len(found) == 8
        for number, frame in enumerate(found, 1):
            theirs = Image.open(out / "frames" / f"{number:06}.png").convert("RGB")
            assert np.array_equal(frame, np.asarray(theirs))
    for name in ("000001.png", "000008.png"):
        (out / "frames" / name).unlink()
    error = sequence(out, video, "--overwrite").error()
    assert "of 8 frames 2 of frames are missing: 1, 8;" in error
    assert len(videos.frames(video)) == 8  # That of before.


def test_a_grid_is_the_contact_sheet(whole_render: Path, tmp_path: Path) -> None:
    grid, sheets = tmp_path / "grid.mkv", tmp_path / "sheets.mkv"
    sequence(whole_render, grid, "--grid", GRID).well()
    sequence(whole_render, sheets, "--passes", "previews").well()
    assert len(videos.frames(grid)) == 8
    assert np.array_equal(videos.frames(grid), videos.frames(sheets))


FORMATS: list[list[Any]] = [["--multilayer"], ["--format", "npy"], ["--layout", "a2"]]


@pytest.mark.parametrize("words", FORMATS, ids=lambda words: words[-1])
def test_a_grid_is_the_same_of_every_format(
    render_scenes: Path, whole_render: Path, tmp_path: Path, words: list[Any]
) -> None:
    out, grid = tmp_path / "out", tmp_path / "grid.mkv"
    renders.render(render_scenes / "ball.blend", out, "-p", GRID, "-f", 5, *words).well()
    sequence(out, grid, "--grid", GRID).well()
    sheet = np.asarray(Image.open(whole_render / "previews" / "000005.png").convert("RGB"))
    (found,) = videos.frames(grid)
    differ = (found != sheet).any(axis=-1)
    assert not differ.any(), (words, np.argwhere(differ)[:4])


def test_one_picture_of_another_size_is_named(tmp_path: Path) -> None:
    pictures = {**greys(1, 2, 3), 3: plain(4, (16, 16))}
    frames = videos.pictures(tmp_path / "frames", pictures)
    error = sequence(frames, tmp_path / "video.mp4", "--fps", 24).error()
    assert "000003.png has 16 \u00d7 16 pixels, and" in error
    assert "000000.png has 48 \u00d7 32" in error
    assert left(tmp_path) == []


def test_what_cannot_be_is_one_error_and_leaves_no_file(tmp_path: Path) -> None:
    frames = videos.pictures(tmp_path / "frames", greys(1, 2))
    (tmp_path / "there.mp4").write_text("mine")
    cut = videos.pictures(tmp_path / "cut", greys(1, 2))
    whole = (cut / "000001.png").read_bytes()
    (cut / "000001.png").write_bytes(whole[: len(whole) - 20])
    for folder, name, words, says in [
        (frames, "a.mp4", [], "nothing says how many frames a second"),
        (frames, "a.avi", ["--fps", 24], "write .mp4 or .mov"),
        (frames, "there.mp4", ["--fps", 24], "--overwrite"),
        (frames, "a.mp4", ["--fps", 24, "-p", "depths"], "it holds no depths"),
        (frames, "a.mp4", ["--fps", 24, "--quality", 99], "0 (best) to 51"),
        (tmp_path / "gone", "a.mp4", ["--fps", 24], "there is no such folder"),
        (cut, "a.mp4", ["--fps", 24], "000001.png: it cannot be shown"),
    ]:
        error = sequence(folder, tmp_path / name, *words).error()
        assert says in error, error
        assert left(tmp_path) == ["there.mp4"]
    assert (tmp_path / "there.mp4").read_text() == "mine"


def stand_in(tmp_path: Path, acts: str) -> dict[str, str]:
    """An environment with an ffmpeg that says what it can, and then does this."""
    script = tmp_path / "ffmpeg"
    says = f'case "$2" in -encoders) exec {ffmpeg()} "$@";; esac'
    script.write_text(f"#!/bin/sh\n{says}\n{acts}\n")
    script.chmod(0o755)
    return renders.environment(BLENDTORCH_FFMPEG=str(script))


def test_ffmpegs_last_words_and_its_count_are_believed_and_nothing_is_left(tmp_path: Path) -> None:
    frames = videos.pictures(tmp_path / "frames", greys(1, 2, 3))
    for acts, says in [
        ("echo No space left on device >&2; exit 1", "exit status: 1: No space left on device"),
        ("cat >/dev/null; echo frame=2", "was given 3 frames and says that it wrote 2"),
        ("kill -9 $$", "signal: 9"),
    ]:
        env = stand_in(tmp_path, acts)
        error = sequence(frames, tmp_path / "a.mp4", "--fps", 24, env=env).error()
        assert says in error, error
        assert left(tmp_path) == ["ffmpeg"]
    without = stand_in(tmp_path, "exit 1")
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\necho ' V..... libx264 H.264'\n")
    error = sequence(frames, tmp_path / "a.webm", "--fps", 24, env=without).error()
    assert "has no encoder libvpx-vp9" in error and "blendtorch setup --video" in error
    named = renders.environment(BLENDTORCH_FFMPEG="/no/such")
    error = sequence(frames, tmp_path / "a.mp4", "--fps", 24, env=named).error()
    assert "BLENDTORCH_FFMPEG names /no/such, which is no program" in error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_in_the_middle_no_process_and_no_video_is_left(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = videos.pictures(tmp_path / "frames", greys(*range(200)))
    pid = tmp_path / "pid"
    # It reads nothing while we live: what is shown is more than a pipe holds.
    reads = "while [ -d /proc/$PPID ]; do sleep 0.05; done; exec cat >/dev/null"
    env = stand_in(tmp_path, f"echo $$ >{pid}.new; mv {pid}.new {pid}; {reads}")
    monkeypatch.setenv("BLENDTORCH_FFMPEG", env["BLENDTORCH_FFMPEG"])
    video = tmp_path / "a.mp4"
    words = videos.command(frames, video, "--fps", 24)
    with Run(words, tmp_path / "said.txt") as run:
        eventually("ffmpeg runs", pid.exists)
        run.process.send_signal(number)
        code = run.process.wait(HANG_S)
    ffmpegs = int(pid.read_text())
    eventually("ffmpeg has ended", lambda: has_ended(ffmpegs))
    assert not video.exists()
    if number != signal.SIGKILL:
        assert code == 128 + number, run.said()
        assert "nothing is left of the video" in run.said()
        assert left(tmp_path) == ["ffmpeg", "pid", "said.txt"]
    # What a killed one has left stands in nobody's way.
    monkeypatch.delenv("BLENDTORCH_FFMPEG")
    sequence(frames, video, "--fps", 24).well()
    assert len(videos.frames(video)) == 200
    assert left(tmp_path) == ["a.mp4", "ffmpeg", "pid", "said.txt"]


def test_python_makes_videos_too(tmp_path: Path) -> None:
    frames = videos.pictures(tmp_path / "frames", greys(10, 60, 110))
    video = tmp_path / "video.mkv"
    heard: list[tuple[int, int]] = []
    made = render.sequence(
        frames, video, fps=12.5, frames=[0, 2], progress=lambda *now: heard.append(now)
    )
    assert (made["frames"], made["fps"], made["size"]) == ([0, 2], 12.5, [48, 32])
    assert made["passes"] == ["frames"] and made["bytes"] == video.stat().st_size
    assert heard[-1] == (2, 2) and shown(video) == [10, 110]

    def enough(*_: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match=r"^enough$"):
        render.sequence(frames, video, fps=24, overwrite=True, progress=enough)
    with pytest.raises(FileNotFoundError, match="missing: 3"):
        render.sequence(frames, video, fps=24, overwrite=True, frames="0:3")
    with pytest.raises(ValueError, match="how many frames a second"):
        render.sequence(frames, tmp_path / "other.mp4")
    with pytest.raises(OSError, match="--overwrite"):
        render.sequence(frames, video, fps=24)
    assert left(tmp_path) == ["video.mkv"]
    assert shown(video) == [10, 110]
