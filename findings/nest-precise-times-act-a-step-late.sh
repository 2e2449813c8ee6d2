#!/bin/sh
# NEST's spike_generator with precise_times sends a spike that is one ulp off the grid a step late.
#
# Seen with nest-simulator 3.10.0 and numpy 2.4.6 on Python 3.11, Linux.
#
# A good guess: precise_times only adds an offset within the step, for neurons that heed it; for all
# others spikes come as without it. A recorder shows when they came.
# What happens: without it a time is rounded to NEST's tics (1 us), so 1.5000000000000002 is on the
# grid. With it a spike goes to the first grid point at or after the time, compared without tolerance.
# So of 1000 times added up in steps of 0.1 ms more than half come a step late, of those of
# numpy.linspace 132; k * 0.1 and k / 10 are safe. A spike_recorder at the generator shows the time
# that was asked for. BMTK's PointNet sets precise_times for all its input.
# Output:
#   saw: k * 0.1: 0 of 1000 spikes a step late without precise_times, 0 with
#   saw: k / 10: 0 of 1000 spikes a step late without precise_times, 0 with
#   saw: linspace(0.1, 100, 1000): 0 of 1000 spikes a step late without precise_times, 132 with
#   saw: cumsum of 0.1: 0 of 1000 spikes a step late without precise_times, 587 with
#   saw: 1.5000000000000002 ms, delay 1 ms: recorded at the generator at 1.5, at a cell at 2.6
#
# Here: Grid::stamp has the same comparison, so that spikes are NEST's (simulate/src/engine/grid.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 numpy==2.4.6
cat >"$folder/finding.py" <<'END'
import nest
import numpy as np

DT = 0.1
DELAY = 1.0
nest.verbosity = nest.VerbosityLevel.ERROR

def sent(times, precise):
    """When spikes come to a cell after DELAY, and what a recorder at the generator says."""
    nest.ResetKernel()
    nest.resolution = DT
    given = [{"spike_times": [float(time)], "precise_times": precise} for time in times]
    generators = nest.Create("spike_generator", len(times), params=given)
    cells = nest.Create("parrot_neuron", len(times))
    at_cells, at_generators = nest.Create("spike_recorder"), nest.Create("spike_recorder")
    nest.Connect(generators, cells, "one_to_one", syn_spec={"delay": DELAY})
    nest.Connect(cells, at_cells)
    nest.Connect(generators, at_generators)
    nest.Simulate(102.0)
    lines = []
    for recorder in (at_cells, at_generators):
        events = recorder.events
        lines.append(np.array(events["times"])[np.argsort(events["senders"])])
    return lines

index = np.arange(1, 1001)
ways = {
    "k * 0.1": index * DT,
    "k / 10": index / 10,
    "linspace(0.1, 100, 1000)": np.linspace(0.1, 100, 1000),
    "cumsum of 0.1": np.cumsum(np.full(1000, DT)),
}
late = {}
for name, times in ways.items():
    for precise in (False, True):
        steps = np.rint((sent(times, precise)[0] - DELAY) / DT).astype(int) - index
        assert set(steps) <= {0, 1}, (name, precise, set(steps))
        late[name, precise] = int(steps.sum())
    without, with_it = late[name, False], late[name, True]
    print(f"saw: {name}: {without} of 1000 spikes a step late without precise_times, "
          f"{with_it} with")
one = float(np.nextafter(1.5, 2))
cell, generator = (round(float(times[0]), 6) for times in sent([one, 2.0], True))
print(f"saw: {one} ms, delay 1 ms: recorded at the generator at {generator}, at a cell at {cell}")
assert not any(late[name, False] for name in ways), late
assert late["k * 0.1", True] == late["k / 10", True] == 0, late
assert late["linspace(0.1, 100, 1000)", True] > 0 and late["cumsum of 0.1", True] > 500, late
assert (generator, cell) == (1.5, 2.6), (generator, cell)
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
