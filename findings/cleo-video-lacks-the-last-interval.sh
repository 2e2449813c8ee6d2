#!/bin/sh
# Cleo's video never shows the spikes of its last interval, and its first frame shows none.
#
# Seen with cleosim 0.20.0, Brian2 2.9.0, numpy 2.2.6 and matplotlib 3.11.2 on Python 3.11, Linux.
#
# A good guess: of a simulation of 5 ms with dt = 1 ms there are five frames, and each shows the spikes
# of its own millisecond.
# What happens: the visualizer looks when an interval begins, and takes what spiked since it looked
# before. The first frame is empty, the second shows the first interval, and nobody looks after the
# last one: its spikes are in no frame.
# Output:
#   saw: 4 cells that spike every 0.5 ms, for 5 ms: 40 spikes
#   saw: spikes of the 5 frames: 0, 8, 8, 8, 8
#
# Here: a frame is of its own interval, from the first to the last (python/blendtorch/cleo).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    Brian2==2.9.0 cleosim==0.20.0 matplotlib==3.11.2 numpy==2.2.6 pandas==3.1.1 scipy==1.14.0
cat >"$folder/finding.py" <<'END'
import brian2.only as b2
import cleo
import matplotlib

matplotlib.use("Agg")
b2.prefs.codegen.target = "numpy"
b2.defaultclock.dt = 0.5 * b2.ms
cells = b2.NeuronGroup(4, "v = 1 : 1", threshold="v > 0", reset="")
cleo.coords.assign_xyz(cells, [0] * 4, [0] * 4, [0.1, 0.2, 0.3, 0.4])
monitor = b2.SpikeMonitor(cells)
sim = cleo.CLSimulator(b2.Network(cells, monitor))
video = cleo.viz.VideoVisualizer(dt=1 * b2.ms)
sim.inject(video, cells)
sim.run(5 * b2.ms)
print(f"saw: 4 cells that spike every 0.5 ms, for 5 ms: {len(monitor.t)} spikes")
shown = []

class Counts(matplotlib.animation.AbstractMovieWriter):
    def setup(self, fig, outfile, dpi=None):
        self.fig, self.outfile, self.dpi = fig, outfile, dpi

    def grab_frame(self, **ignored):
        shown.append(sum(map(len, video._i_spikes_per_ng_per_frame[len(shown)])))

    def finish(self):
        pass

video.generate_Animation({}, slowdown_factor=10).save("none", writer=Counts())
print(f"saw: spikes of the {len(shown)} frames:", ", ".join(map(str, shown)))
assert len(monitor.t) == 40 and shown == [0, 8, 8, 8, 8], shown
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
