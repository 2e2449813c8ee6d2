#!/bin/sh
# BMTK drops an attribute of a node set that no node has, so the set has more cells than was meant.
#
# Seen with bmtk 1.2.0 (PointNet), nest-simulator 3.10.0 and pandas 2.3.3 on Python 3.11, Linux.
#
# A good guess: a node set that asks for an attribute that no node has is refused, or has no node.
# What happens: that condition is left out and the others count, so `knid` for `kind` has every cell of
# the population recorded. The run succeeds, with one line on stdout, which is not in the log.
# Output:
#   saw: {'population': 'cells', 'kind': 'slow'}: cells [2, 3, 4] are recorded
#   saw: {'population': 'cells', 'knid': 'slow'}: cells [0, 1, 2, 3, 4] are recorded
#   saw: on stdout: Could not find property knid in either group or types table. Ignoring.
#   saw: lines of the log about it: 0
#
# Here: it is an error that names the nearest attribute (circuit/src/node_sets/filter.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    bmtk==1.2.0 nest-simulator==3.10.0 h5py==3.16.0 numpy==2.4.6 pandas==2.3.3
cat >"$folder/finding.py" <<'END'
import contextlib
import io
import json
import os

import h5py
from bmtk.builder.networks import NetworkBuilder
from bmtk.simulator import pointnet

cells = NetworkBuilder("cells")
for count, kind in ((2, "fast"), (3, "slow")):
    cells.add_nodes(N=count, kind=kind, model_type="point_neuron",
                    model_template="nest:iaf_psc_exp", dynamics_params="cell.json")
cells.build()
cells.save(output_dir="network")
os.mkdir("components")
with open("components/cell.json", "w") as file:
    json.dump({}, file)
sets = [{"population": "cells", key: "slow"} for key in ("kind", "knid")]
with open("config.json", "w") as file:
    json.dump({
        "run": {"tstop": 10.0, "dt": 0.1},
        "target_simulator": "NEST",
        "components": {"point_neuron_models_dir": "components"},
        "networks": {"nodes": [{"nodes_file": "network/cells_nodes.h5",
                                "node_types_file": "network/cells_node_types.csv"}]},
        "output": {"output_dir": "output", "log_file": "log.txt", "log_to_console": False},
        "node_sets": {f"set{number}": one for number, one in enumerate(sets)},
        "reports": {f"report{number}": {"module": "membrane_report", "cells": f"set{number}",
                                        "variable_name": "V_m"} for number in range(2)},
    }, file)
said = io.StringIO()
with contextlib.redirect_stdout(said):
    config = pointnet.Config.from_json("config.json")
    config.build_env()
    pointnet.PointSimulator.from_config(config, pointnet.PointNetwork.from_config(config)).run()

found = []
for number, one in enumerate(sets):
    with h5py.File(f"output/report{number}.h5") as file:
        found.append(file["report/cells/mapping/node_ids"][:].tolist())
    print(f"saw: {one}: cells {found[-1]} are recorded")
lines = [line for line in said.getvalue().splitlines() if "knid" in line]
print("saw: on stdout:", *lines)
with open("output/log.txt") as file:
    logged = sum("knid" in line for line in file)
print("saw: lines of the log about it:", logged)
assert found == [[2, 3, 4], [0, 1, 2, 3, 4]], found
assert len(lines) == 1 and logged == 0, (lines, logged)
END
cd "$folder"
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
