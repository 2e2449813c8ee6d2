#!/bin/sh
# In BSB's results a spike train is a device's, of all its cells, and a spike can be in two of them.
#
# Seen with bsb 8.0.2, bsb-arbor 8.0.2, arbor 0.12.2, neo 0.14.6 and nixio 1.5.4 on Python 3.11, Linux.
#
# A good guess: Neo's files have a spike train a cell, as Neo's guide has it, named by the cell; so as
# many trains as cells spike, and all of them together are what the network did.
# What happens: a recorder gives one train for all that it records, named "spikes". Which cell a spike
# is of says the train's array annotation `bsb_target_index`, a row of the roster, which is JSON in the
# annotation `bsb_roster`: the kind and the number within the kind. Cells that two recorders record are
# in both trains: joined, their spikes are counted twice. Silent cells are in the roster alone.
# Output:
#   saw: 2 recorders, of kinds a and b and of b: 2 trains, named spikes, spikes
#   saw: both: a roster of 20 cells, of a and b
#   saw: only b: a roster of 10 cells, of b; 48 spikes, all of them in the other train too
#   saw: the times of a train are in order: True
#
# Here: spikes are given to cells by the roster, and one that two recorders have is one
# (circuit/src/neo).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check arbor==0.12.2 \
    bsb==8.0.2 bsb-arbor==8.0.2 bsb-hdf5==8.0.2 h5py==3.16.0 neo==0.14.6 nixio==1.5.4 numpy==2.2.6
cat >"$folder/finding.py" <<'END'
import json
import sys

import neo
import numpy as np
from bsb import Configuration, Scaffold

folder = sys.argv[1]
places = {"strategy": "bsb.placement.RandomPlacement", "partitions": ["layer"]}

def of(*kinds):
    return {"targetting": {"strategy": "cell_model", "cell_models": list(kinds)}}

# Every cell has targets: arbor's recording lacks spikes of those that have none.
pairs = {"a_to_b": ("a", "b"), "b_to_a": ("b", "a")}
network = Scaffold(Configuration({
    "rng": {"seed": 1},
    "storage": {"engine": "hdf5", "root": folder + "/network.hdf5"},
    "network": {"x": 100, "y": 100, "z": 100},
    "partitions": {"layer": {"type": "layer", "thickness": 100}},
    "regions": {"brain": {"type": "stack", "children": ["layer"]}},
    "cell_types": {kind: {"spatial": {"radius": 2, "count": 10}} for kind in "ab"},
    "placement": {kind: {**places, "cell_types": [kind]} for kind in "ab"},
    "connectivity": {
        name: {
            "strategy": "bsb.connectivity.AllToAll",
            "presynaptic": {"cell_types": [pre]}, "postsynaptic": {"cell_types": [post]},
        }
        for name, (pre, post) in pairs.items()
    },
    "simulations": {"run": {
        "simulator": "arbor", "duration": 50, "resolution": 0.1,
        "cell_models": {kind: {"model_strategy": "lif", "constants": {}} for kind in "ab"},
        "connection_models": {name: {"weight": 0.001, "delay": 1.0} for name in pairs},
        "devices": {
            "noise": {"device": "poisson_generator", "rate": 100, "weight": 1000.0, "delay": 1.0,
                      **of("a", "b")},
            "both": {"device": "spike_recorder", **of("a", "b")},
            "only b": {"device": "spike_recorder", **of("b")},
        },
    }},
}))
network.compile(clear=True)
network.run_simulation("run").write(folder + "/results.nio", "ow")

trains = neo.io.NixIO(folder + "/results.nio", "ro").read_block().segments[0].spiketrains
print(f"saw: 2 recorders, of kinds a and b and of b: {len(trains)} trains, named",
      ", ".join(train.name for train in trains))
assert [train.name for train in trains] == ["spikes", "spikes"]
spikes, cells = {}, {}
for train in trains:
    roster = json.loads(train.annotations["bsb_roster"])
    name = train.annotations["bsb_device_name"]
    cells[name] = list(zip(roster["bsb_ps_name"], roster["bsb_cell_id"], strict=True))
    which = np.asarray(train.array_annotations["bsb_target_index"])
    times = np.asarray(train.magnitude).tolist()
    spikes[name] = {(*cells[name][at], time) for at, time in zip(which, times, strict=True)}
    assert len(spikes[name]) == len(times)
print(f"saw: both: a roster of {len(cells['both'])} cells, of",
      " and ".join(sorted({kind for kind, _ in cells["both"]})))
twice = spikes["only b"] <= spikes["both"]
print(f"saw: only b: a roster of {len(cells['only b'])} cells, of b; {len(spikes['only b'])} spikes,",
      "all of them in the other train too" if twice else "some of them in no other train")
ordered = all(np.all(np.diff(train.magnitude) >= 0) for train in trains)
print("saw: the times of a train are in order:", ordered)
assert twice and spikes["only b"] and len(cells["both"]) == 20 and len(cells["only b"]) == 10
END
"$folder/venv/bin/python" "$folder/finding.py" "$folder" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
