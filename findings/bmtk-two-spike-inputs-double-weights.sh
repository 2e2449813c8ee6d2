#!/bin/sh
# With two inputs of spikes for one population BMTK reads the first file only, and weights double.
#
# Seen with bmtk 1.2.0 (PointNet), nest-simulator 3.10.0 and pandas 2.3.3 on Python 3.11, Linux.
#
# A good guess: two blocks of `inputs`, each with its file and its node set, add up: each virtual cell
# has the spikes of its block.
# What happens: all edges from the population are made again for each block, so what the first file's
# spikes do is doubled; the second file's spikes do not come at all, though its block is for another
# cell. The run succeeds without a word.
# Output:
#   saw: input left alone (a spike of cell 0 at 2 ms): synaptic current rises by [(3.0, 50.0)] (ms, pA)
#   saw: input right alone (a spike of cell 1 at 5 ms): synaptic current rises by [(6.0, 50.0)] (ms, pA)
#   saw: inputs left and right: synaptic current rises by [(3.0, 100.0)] (ms, pA)
#
# Here: both files count, weights once, and each block is for its node set only
# (simulate/src/load/trains.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    bmtk==1.2.0 nest-simulator==3.10.0 h5py==3.16.0 numpy==2.4.6 pandas==2.3.3
cat >"$folder/finding.py" <<'END'
import json
import os

import h5py
import numpy as np
from bmtk.builder.networks import NetworkBuilder
from bmtk.simulator import pointnet
from bmtk.utils.reports.spike_trains import SpikeTrains

cells, outside = NetworkBuilder("cells"), NetworkBuilder("outside")
outside.add_nodes(N=2, model_type="virtual")
cells.add_nodes(N=1, model_type="point_neuron", model_template="nest:iaf_psc_exp",
                dynamics_params="cell.json")
cells.add_edges(source=outside.nodes(), target=cells.nodes(), connection_rule=1, syn_weight=50.0,
                delay=1.0, dynamics_params="synapse.json", model_template="static_synapse")
for network in (cells, outside):
    network.build()
    network.save(output_dir="network")
os.mkdir("components")
for name in ("cell", "synapse"):
    with open(f"components/{name}.json", "w") as file:
        json.dump({}, file)
spikes = {"left": (0, 2.0), "right": (1, 5.0)}
inputs = {}
for name, (cell, time) in spikes.items():
    trains = SpikeTrains(population="outside")
    trains.add_spikes([cell], [time])
    trains.to_sonata(f"{name}.h5")
    inputs[name] = {"input_type": "spikes", "module": "sonata", "input_file": f"{name}.h5",
                    "node_set": {"population": "outside", "node_id": [cell]}}

def risen(names):
    """When the synaptic current rises, and by how much: it only decays by itself."""
    with open("config.json", "w") as file:
        json.dump({
            "run": {"tstop": 10.0, "dt": 0.1},
            "target_simulator": "NEST",
            "components": {"point_neuron_models_dir": "components",
                           "synaptic_models_dir": "components"},
            "networks": {
                "nodes": [{"nodes_file": f"network/{name}_nodes.h5",
                           "node_types_file": f"network/{name}_node_types.csv"}
                          for name in ("cells", "outside")],
                "edges": [{"edges_file": "network/outside_cells_edges.h5",
                           "edge_types_file": "network/outside_cells_edge_types.csv"}],
            },
            "output": {"output_dir": "output", "overwrite_output_dir": True,
                       "log_to_console": False},
            "inputs": {name: inputs[name] for name in names},
            "reports": {"current": {"module": "membrane_report", "variable_name": "I_syn_ex",
                                    "cells": {"population": "cells"}}},
        }, file)
    config = pointnet.Config.from_json("config.json")
    config.build_env()
    pointnet.PointSimulator.from_config(config, pointnet.PointNetwork.from_config(config)).run()
    with h5py.File("output/current.h5") as file:
        current = file["report/cells/data"][:, 0]
        start, _, step = file["report/cells/mapping/time"]
    rows = np.flatnonzero(np.diff(current) > 0) + 1
    return [(round(float(start + row * step), 6), float(current[row])) for row in rows]

found = {}
for names in (["left"], ["right"], ["left", "right"]):
    if len(names) == 1:
        cell, time = spikes[names[0]]
        which = f"input {names[0]} alone (a spike of cell {cell} at {time:.0f} ms)"
    else:
        which = "inputs left and right"
    found[len(names), names[0]] = risen(names)
    print(f"saw: {which}: synaptic current rises by {found[len(names), names[0]]} (ms, pA)")
assert found[1, "left"] == [(3.0, 50.0)], found
assert found[1, "right"] == [(6.0, 50.0)], found
assert found[2, "left"] == [(3.0, 100.0)], found
END
cd "$folder"
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
