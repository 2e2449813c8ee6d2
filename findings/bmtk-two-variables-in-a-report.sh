#!/bin/sh
# BMTK's report of two variables has the last one's values under the first one's name.
#
# Seen with bmtk 1.2.0 (PointNet), nest-simulator 3.10.0 and pandas 2.3.3 on Python 3.11, Linux.
#
# A good guess: a report's `variable_name` may be a list, and the file then has both variables.
# What happens: the file has one dataset, whose attribute `variable` is the first of the list and
# whose values are the last one's: each variable is written over the one before. The run succeeds
# without a word.
# Output:
#   saw: V_m: variable V_m, shape (90, 1), values from -69.881 to -62.879
#   saw: I_syn_ex: variable I_syn_ex, shape (90, 1), values from 0.0 to 0.0
#   saw: V_m, I_syn_ex: variable V_m, shape (90, 1), values from 0.0 to 0.0
#   saw: I_syn_ex, V_m: variable I_syn_ex, shape (90, 1), values from -69.881 to -62.879
#
# Here: such a block becomes a file for each variable (circuit/src/config/reports.rs).
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
from bmtk.builder.networks import NetworkBuilder
from bmtk.simulator import pointnet

cells = NetworkBuilder("cells")
cells.add_nodes(N=1, model_type="point_neuron", model_template="nest:iaf_psc_exp",
                dynamics_params="cell.json")
cells.build()
cells.save(output_dir="network")
os.mkdir("components")
with open("components/cell.json", "w") as file:
    json.dump({"I_e": 300.0}, file)
lists = [["V_m"], ["I_syn_ex"], ["V_m", "I_syn_ex"], ["I_syn_ex", "V_m"]]
reports = {
    f"report{number}": {"module": "membrane_report", "cells": "cells", "variable_name": names}
    for number, names in enumerate(lists)
}
with open("config.json", "w") as file:
    json.dump({
        "run": {"tstop": 10.0, "dt": 0.1},
        "target_simulator": "NEST",
        "components": {"point_neuron_models_dir": "components"},
        "networks": {"nodes": [{"nodes_file": "network/cells_nodes.h5",
                                "node_types_file": "network/cells_node_types.csv"}]},
        "output": {"output_dir": "output", "log_to_console": False},
        "node_sets": {"cells": {"population": "cells"}},
        "reports": reports,
    }, file)
config = pointnet.Config.from_json("config.json")
config.build_env()
pointnet.PointSimulator.from_config(config, pointnet.PointNetwork.from_config(config)).run()

found = []
for number, names in enumerate(lists):
    with h5py.File(f"output/report{number}.h5") as file:
        group = file["report/cells"]
        assert set(group) == {"data", "mapping"}, set(group)
        variable, values = group["data"].attrs["variable"], group["data"][:]
    print(f"saw: {', '.join(names)}: variable {variable}, shape {values.shape}, "
          f"values from {values.min()} to {values.max()}")
    found.append((variable, values.tolist()))
voltage, current = found[0][1], found[1][1]
assert voltage != current
assert found[2] == ("V_m", current), found[2]
assert found[3] == ("I_syn_ex", voltage), found[3]
END
cd "$folder"
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
