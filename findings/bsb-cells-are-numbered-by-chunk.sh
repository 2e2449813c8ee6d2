#!/bin/sh
# In BSB's HDF5 files a cell's number follows from its chunk's, and not from the order in the file.
#
# Seen with bsb 8.0.2 and h5py 3.16.0 on Python 3.11, Linux; files of bsb 4.4.2 are laid out the same.
#
# A good guess: the cells of a kind are those of its chunks one after the other, as HDF5 or the
# attribute `chunks` lists them; and a connection names its cells by these numbers.
# What happens: chunks are called by a number, x + 2^16 y + 2^32 z, and cells are numbered in the order
# of these numbers. HDF5 lists names as text, "4294967296" before "65536", and the attribute lists
# chunks as they came: both give other cells. Connections count within a chunk: `local_locs` of a
# group inc/CHUNK are rows of that chunk, and `global_locs` those of other chunks, which attributes
# tell from one another.
# Output:
#   saw: HDF5 lists the chunks 0, 1, 4294967296, 4294967297, 4295032832, 4295032833, 65536, 65537
#   saw: cells in the order of these names are those that BSB loads: False
#   saw: cells in the order of the attribute are those that BSB loads: False
#   saw: cells in the order of the numbers are those that BSB loads: True
#   saw: of 80 cells that all have synapses the largest number in the file is 9
#
# Here: chunks go by their numbers, and what a connection names is taken from its chunk
# (circuit/src/bsb).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    bsb==8.0.2 bsb-hdf5==8.0.2 h5py==3.16.0 numpy==2.2.6
cat >"$folder/finding.py" <<'END'
import json
import sys

import h5py
import numpy as np
from bsb import Configuration, Scaffold

path = sys.argv[1] + "/network.hdf5"
places = {"strategy": "bsb.placement.RandomPlacement", "partitions": ["layer"]}
network = Scaffold(Configuration({
    "rng": {"seed": 1},
    "storage": {"engine": "hdf5", "root": path},
    "network": {"x": 200, "y": 200, "z": 200, "chunk_size": [100, 100, 100]},
    "partitions": {"layer": {"type": "layer", "thickness": 200}},
    "regions": {"brain": {"type": "stack", "children": ["layer"]}},
    "cell_types": {kind: {"spatial": {"radius": 2, "count": 80}} for kind in ("a", "b")},
    "placement": {kind: {**places, "cell_types": [kind]} for kind in ("a", "b")},
    "connectivity": {"a_to_b": {
        "strategy": "bsb.connectivity.FixedIndegree", "indegree": 2,
        "presynaptic": {"cell_types": ["a"]}, "postsynaptic": {"cell_types": ["b"]},
    }},
}))
network.compile(clear=True)
loaded = network.get_placement_set("b").load_positions()
_, targets = network.get_connectivity_set("a_to_b").load_connections().all()
assert len(loaded) == 80 and set(targets[:, 0]) == set(range(80))
with h5py.File(path) as file:
    group = file["placement/b"]
    orders = {
        "these names": list(group),
        "the attribute": list(json.loads(group.attrs["chunks"])),
        "the numbers": sorted(group, key=int),
    }
    print("saw: HDF5 lists the chunks", ", ".join(group))
    found = []
    for name, order in orders.items():
        joined = np.concatenate([group[chunk]["position"][()] for chunk in order])
        found.append(np.array_equal(joined, loaded))
        print(f"saw: cells in the order of {name} are those that BSB loads: {found[-1]}")
    inc = file["connectivity/a_to_b/inc"].values()
    largest = max(int(chunk["local_locs"][:, 0].max()) for chunk in inc)
print(f"saw: of 80 cells that all have synapses the largest number in the file is {largest}")
assert found == [False, False, True], found
assert largest < 20, largest
END
"$folder/venv/bin/python" "$folder/finding.py" "$folder" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
