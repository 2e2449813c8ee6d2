#!/bin/sh
# NEST's multimeter gives fewer rows than there are steps; how many depends on synapses elsewhere.
#
# Seen with nest-simulator 3.10.0 and numpy 2.4.6 on Python 3.11, Linux.
#
# A good guess: an interval of 0.1 ms for 10 ms is 100 rows, the last one at 10 ms; or 99, without
# the last one.
# What happens: the rows come in slices as long as the smallest delay m of the whole network, in
# steps, and those of the last slice come only if the simulation goes on. There are
# floor((N - 1) / m) * m rows after N steps. With no other connection m is that of the multimeter's
# own one, 1 ms; a synapse with another delay anywhere in the network changes the number. A second
# Simulate brings the rows that were missing, and lacks its own last ones.
# Output:
#   saw: N = 100, no synapse, m = 10: 90 rows, the last at 9.0 ms
#   saw: N = 100, a synapse of 0.7 ms, m = 7: 98 rows, the last at 9.8 ms
#   saw: N = 100, a synapse of 0.1 ms, m = 1: 99 rows, the last at 9.9 ms
#   saw: N = 200 in two halves, no synapse, m = 10: 190 rows, the last at 19.0 ms
#
# Here: a report has all rows of its window (simulate/src/plan/recordings.rs), and the comparison with
# NEST lets it run on for the last ones (scripts/peers/neurons/nest_loop.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 numpy==2.4.6
cat >"$folder/finding.py" <<'END'
import nest
import numpy as np

nest.verbosity = nest.VerbosityLevel.ERROR

def recorded(delay, halves):
    """The times of the rows of the first cell, and m; the synapse is between two others."""
    nest.ResetKernel()
    nest.resolution = 0.1
    cells = nest.Create("iaf_psc_exp", 3)
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    nest.Connect(meter, cells[:1])
    if delay:
        nest.Connect(cells[1], cells[2], syn_spec={"delay": delay})
    for _ in range(halves):
        nest.Simulate(10.0)
    return np.array(meter.events["times"]), round(nest.min_delay / 0.1)

for delay, halves in ((None, 1), (0.7, 1), (0.1, 1), (None, 2)):
    times, slice_ = recorded(delay, halves)
    steps = 100 * halves
    parts = " in two halves" if halves == 2 else ""
    which = f"a synapse of {delay} ms" if delay else "no synapse"
    print(f"saw: N = {steps}{parts}, {which}, m = {slice_}: {len(times)} rows, "
          f"the last at {times[-1]:.1f} ms")
    assert len(times) == (steps - 1) // slice_ * slice_, (delay, halves, len(times))
    assert np.allclose(np.diff(times), 0.1), times
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
