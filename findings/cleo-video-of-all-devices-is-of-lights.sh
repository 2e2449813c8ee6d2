#!/bin/sh
# Cleo's video of "all" devices fails where one of them is a probe.
#
# Seen with cleosim 0.20.0, Brian2 2.9.0, numpy 2.2.6 and matplotlib 3.11.2 on Python 3.11, Linux.
#
# A good guess: VideoVisualizer(devices="all") draws every device that was injected before it; what
# does not change, such as an electrode, is drawn once.
# What happens: every frame compares each device's value with the one before. Recorders have none, and
# comparing None with None raises TypeError. The still picture, cleo.viz.plot, draws the same probe.
# Output:
#   saw: a still picture with the probe: drawn
#   saw: a video with the probe: TypeError: unsupported operand type(s) for -: 'NoneType' and 'NoneType'
#
# Here: devices without a value are drawn once (python/blendtorch/cleo,
# python/blendtorch/btb/network/devices.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    Brian2==2.9.0 cleosim==0.20.0 matplotlib==3.11.2 numpy==2.2.6 pandas==3.1.1 scipy==1.14.0
cat >"$folder/finding.py" <<'END'
import sys

import brian2.only as b2
import cleo
import matplotlib
from cleo.ephys import MultiUnitActivity, Probe

matplotlib.use("Agg")
b2.prefs.codegen.target = "numpy"
cells = b2.NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
cleo.coords.assign_xyz(cells, [0, 0], [0, 0], [0.1, 0.2])
sim = cleo.CLSimulator(b2.Network(cells))
probe = Probe(coords=[[0, 0, 0.1]] * b2.mm, signals=[MultiUnitActivity()], name="probe")
sim.inject(probe, cells)
video = cleo.viz.VideoVisualizer(dt=1 * b2.ms, devices="all")
sim.inject(video, cells)
sim.run(3 * b2.ms)

def says(what, act):
    try:
        act()
        said = "drawn"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    print(f"saw: {what} with the probe: {said}")
    return said

still = says("a still picture", lambda: cleo.viz.plot(cells, devices=[probe]))

def moves():
    animation = video.generate_Animation({}, slowdown_factor=10)
    animation.save(sys.argv[1] + "/video.gif", writer="pillow")

moving = says("a video", moves)
assert still == "drawn" and moving.startswith("TypeError"), (still, moving)
END
"$folder/venv/bin/python" "$folder/finding.py" "$folder" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
