#!/bin/sh
# Cleo's video draws a light that never changes dimmer than one that does, and jumps above its maximum.
#
# Seen with cleosim 0.20.0, Brian2 2.9.0, numpy 2.2.6 and matplotlib 3.11.2 on Python 3.11, Linux.
#
# A good guess: how opaque a light is drawn follows its value, 0.6 at `max_value_viz`, and stays there
# above it.
# What happens: a frame changes nothing where the light's value is that of the frame before, and the
# first frame is compared with the last one. So a light that is the same all the time keeps the
# brightness of a still picture, 0.45 for a fibre. A value above `max_value_viz` is drawn at 1.
# Output:
#   saw: at the maximum all the time: 0.45, 0.45, 0.45, 0.45, 0.45
#   saw: at the maximum from the fourth frame on: 0.00, 0.00, 0.00, 0.60, 0.60
#   saw: at 0, 0.5, 1, 1.5 and 2 times the maximum: 0.00, 0.30, 0.60, 1.00, 1.00
#
# Here: how opaque a light is follows its value in every frame, and 0.6 is the most
# (circuit/src/optics, python/blendtorch/btb/network/devices.py).
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
UNIT = b2.mwatt / b2.mm2

class Opacities(matplotlib.animation.AbstractMovieWriter):
    """Of the light's cloud of points, where it is brightest, in each frame."""

    def setup(self, fig, outfile, dpi=None):
        self.fig, self.outfile, self.dpi, self.seen = fig, outfile, dpi, []

    def grab_frame(self, **ignored):
        clouds = [one for one in self.fig.axes[0].collections if one.get_array() is not None]
        self.seen.append(float(clouds[0].get_cmap()(1.0)[3]))

    def finish(self):
        pass

def drawn(what, values):
    """A light with a value each millisecond, 4 being the most that is shown."""
    b2.start_scope()
    cells = b2.NeuronGroup(1, "v : 1", threshold="v > 1", reset="v = 0")
    cleo.coords.assign_xyz(cells, [0], [0], [0.1])
    sim = cleo.CLSimulator(b2.Network(cells))
    light = cleo.light.Light(
        coords=[0, 0, 0] * b2.mm, light_model=cleo.light.fiber473nm(), name="light",
        max_value=50 * UNIT,
    )
    light.max_value_viz = 4 * UNIT
    sim.inject(light, cells)

    class Sets(cleo.ioproc.LatencyIOProcessor):
        def process(self, state, t):
            return {"light": [values[round(t / b2.ms)]] * UNIT}, t

    sim.set_io_processor(Sets(sample_period=1 * b2.ms))
    video = cleo.viz.VideoVisualizer(dt=1 * b2.ms, devices=[light])
    sim.inject(video, cells)
    sim.run(len(values) * b2.ms)
    writer = Opacities()
    video.generate_Animation({}, slowdown_factor=10).save("none", writer=writer)
    print(f"saw: {what}:", ", ".join(f"{one:.2f}" for one in writer.seen))
    return [round(one, 2) for one in writer.seen]

same = drawn("at the maximum all the time", [4.0] * 5)
later = drawn("at the maximum from the fourth frame on", [0.0] * 3 + [4.0] * 2)
above = drawn("at 0, 0.5, 1, 1.5 and 2 times the maximum", [0.0, 2.0, 4.0, 6.0, 8.0])
assert same == [0.45] * 5, same
assert later == [0.0] * 3 + [0.6] * 2, later
assert above == [0.0, 0.3, 0.6, 1.0, 1.0], above
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
