#!/bin/sh
# ffmpeg converts RGB pictures to YCbCr by BT.601, whatever their size, and does not write that down.
#
# Seen with the ffmpeg 7.0.2 that imageio-ffmpeg 0.6.0 ships, Linux.
#
# A good guess: pictures that are encoded as H.264 and shown again have their colours; a picture of
# 1280 × 720 is converted by BT.709, as all video of that size is, or the file says by what it was.
# What happens: pure red becomes luma 81, which is BT.601's (BT.709 has 63), and the file has no word of
# it. Players take untagged video of this size for BT.709, and show other colours. Told by
# scale=out_color_matrix=bt709 and -colorspace bt709 it is 63, and the file says so.
# Output:
#   saw: as it is: luma 81, tagged no
#   saw: told: luma 63, tagged yes
#
# Here: videos are converted by BT.709 and tagged (render/src/video/codec.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.6.0
cat >"$folder/finding.py" <<'END'
import os, subprocess, tempfile
import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SIZE = (1280, 720)
TOLD = "-vf scale=out_color_matrix=bt709:out_range=tv -colorspace bt709"

def ffmpeg(words, **options):
    return subprocess.run([FFMPEG, "-hide_banner", *words.split()], capture_output=True, **options)

seen = {}
with tempfile.TemporaryDirectory() as folder:
    for name, words in (("as it is", ""), ("told", TOLD)):
        video = os.path.join(folder, "red.mp4")
        raw = f"-y -f rawvideo -pixel_format rgb24 -video_size {SIZE[0]}x{SIZE[1]} -framerate 24 -i pipe:0"
        red = bytes((255, 0, 0)) * (SIZE[0] * SIZE[1])
        made = ffmpeg(f"{raw} {words} -pix_fmt yuv420p -c:v libx264 {video}", input=red * 2)
        assert made.returncode == 0, made.stderr
        luma = ffmpeg(f"-v error -i {video} -frames:v 1 -f rawvideo -pix_fmt yuv420p -").stdout[0]
        tagged = b"bt709" in ffmpeg(f"-i {video}").stderr
        seen[name] = (luma, tagged)
        print(f"saw: {name}: luma {luma}, tagged {'yes' if tagged else 'no'}")
assert seen == {"as it is": (81, False), "told": (63, True)}, seen
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
