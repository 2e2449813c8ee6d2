#!/bin/sh
# ffmpeg reads numbered images up to the first one that is missing, leaves out damaged ones, and calls
# both a success.
#
# Seen with the ffmpeg 7.0.2 that imageio-ffmpeg 0.6.0 ships, Linux.
#
# A good guess: of `-i %06d.png` with images 0, 1, 2, 4 and 5 a video of five frames is made, or it fails
# since 3 is missing. With an image that is cut in half it fails too.
# What happens: three frames, and exit code 0. The cut image is left out, so that the video is a frame
# shorter, with exit code 0. Both are told on stderr alone.
# Output:
#   saw: a gap: exit code 0, 3 frames of 5 images
#   saw: an image cut in half: exit code 0, 2 frames of 3 images
#
# Here: frames are found, read and counted by us, and handed to ffmpeg one by one (render/src/video).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.6.0
cat >"$folder/finding.py" <<'END'
import os, subprocess, tempfile
import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()

def ffmpeg(words):
    words = [FFMPEG, "-hide_banner", "-nostdin", "-v", "error", "-y", *words.split()]
    return subprocess.run(words, capture_output=True, text=True)

def images(folder, numbers):
    for number in numbers:
        image = f"{folder}/{number:06}.png"
        source = f"testsrc=s=64x48:r=1:d={number + 1}"
        made = ffmpeg(f"-f lavfi -i {source} -vf select=eq(n\\,{number}) -frames:v 1 {image}")
        assert made.returncode == 0, made.stderr

def video(folder):
    made = ffmpeg(f"-framerate 24 -i {folder}/%06d.png -c:v ffv1 {folder}/video.mkv")
    told = ffmpeg(f"-i {folder}/video.mkv -f null -progress pipe:1 -").stdout
    frames = [int(line[6:]) for line in told.splitlines() if line.startswith("frame=")]
    return made.returncode, frames[-1]

with tempfile.TemporaryDirectory() as folder:
    images(folder, (0, 1, 2, 4, 5))
    code, frames = video(folder)
    print(f"saw: a gap: exit code {code}, {frames} frames of 5 images")
    assert (code, frames) == (0, 3)
with tempfile.TemporaryDirectory() as folder:
    images(folder, (0, 1, 2))
    cut = f"{folder}/000001.png"
    os.truncate(cut, os.path.getsize(cut) // 2)
    code, frames = video(folder)
    print(f"saw: an image cut in half: exit code {code}, {frames} frames of 3 images")
    assert (code, frames) == (0, 2)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
