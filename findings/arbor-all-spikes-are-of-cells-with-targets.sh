#!/bin/sh
# Arbor's recording of "all" spikes lacks those of cells that have no outgoing connection.
#
# Seen with arbor 0.12.2 on Python 3.11, Linux; and through bsb-arbor 8.0.2, whose results have no
# spike of such cells.
#
# A good guess: spike_recording.all records the spikes of all cells, and spike_recording.local those
# of the cells of this process; with one process both are the same.
# What happens: "all" gives what the processes tell one another, and they leave out spikes that no
# synapse waits for. A cell without targets looks silent.
# Output:
#   saw: cells 0 and 1 get the same input; cell 0 has a synapse, onto cell 2
#   saw: spike_recording.all: 5 spikes of cell 0, 0 of cell 1
#   saw: spike_recording.local: 5 spikes of cell 0, 5 of cell 1
#
# Here: what a file says is shown; that the spikes of BSB's results are data and not the truth about
# their model stands in tests/golden/network/README.md.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check arbor==0.12.2
cat >"$folder/finding.py" <<'END'
import arbor
from arbor import units as U

class Three(arbor.recipe):
    def num_cells(self):
        return 3

    def cell_kind(self, gid):
        return arbor.cell_kind.lif

    def cell_description(self, gid):
        return arbor.lif_cell("source", "target")

    def event_generators(self, gid):
        every = arbor.regular_schedule(tstart=1 * U.ms, dt=10 * U.ms, tstop=51 * U.ms)
        return [] if gid == 2 else [arbor.event_generator("target", 1000.0, every)]

    def connections_on(self, gid):
        weak = arbor.connection((0, "source"), "target", 0.001, 1 * U.ms)
        return [weak] if gid == 2 else []

print("saw: cells 0 and 1 get the same input; cell 0 has a synapse, onto cell 2")
found = []
for kind in ("all", "local"):
    simulation = arbor.simulation(Three())
    simulation.record(getattr(arbor.spike_recording, kind))
    simulation.run(60 * U.ms, 0.1 * U.ms)
    cells = [int(source[0]) for source, _ in simulation.spikes()]
    found.append((cells.count(0), cells.count(1)))
    print(f"saw: spike_recording.{kind}: {cells.count(0)} spikes of cell 0, {cells.count(1)} of cell 1")
assert found == [(5, 0), (5, 5)], found
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
