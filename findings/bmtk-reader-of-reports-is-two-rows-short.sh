#!/bin/sh
# BMTK's reader takes two rows too few of PointNet's reports, and gives all but the ends wrong times.
#
# Seen with bmtk 1.2.0 (PointNet), nest-simulator 3.10.0 and pandas 2.3.3 on Python 3.11, Linux.
#
# A good guess: data() of a report is what its file has, and time_trace() the times of these rows.
# What happens: PointNet writes the last row's time as the stop, where the reader takes an open end;
# and the number of rows is int((stop - start) / dt), which cuts 188.99999999999997 to 188. So two rows
# are missing, and the times are spread evenly between start and stop: 0.10107 ms apart instead of
# 0.1. Writing without a number of rows has the same int(): 0.3 ms at 0.1 ms are two rows.
# Output:
#   saw: rows in the file: 190, at [0.1, 0.2, 0.3, ..., 19.0] ms
#   saw: rows by the reader: 188, at [0.1, 0.20107, 0.30214, ..., 19.0] ms
#   saw: a report from 0 to 0.3 ms with a step of 0.1 ms is written with 2 rows
#
# Here: a report's stop is such that this quotient is its number of rows (circuit/src/reports/mod.rs).
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
from bmtk.utils.reports import CompartmentReport

cells = NetworkBuilder("cells")
cells.add_nodes(N=1, model_type="point_neuron", model_template="nest:iaf_psc_exp",
                dynamics_params="cell.json")
cells.build()
cells.save(output_dir="network")
os.mkdir("components")
with open("components/cell.json", "w") as file:
    json.dump({"I_e": 300.0}, file)
with open("config.json", "w") as file:
    json.dump({
        "run": {"tstop": 20.0, "dt": 0.1},
        "target_simulator": "NEST",
        "components": {"point_neuron_models_dir": "components"},
        "networks": {"nodes": [{"nodes_file": "network/cells_nodes.h5",
                                "node_types_file": "network/cells_node_types.csv"}]},
        "output": {"output_dir": "output", "log_to_console": False},
        "reports": {"v": {"module": "membrane_report", "variable_name": "V_m",
                          "cells": {"population": "cells"}}},
    }, file)
config = pointnet.Config.from_json("config.json")
config.build_env()
pointnet.PointSimulator.from_config(config, pointnet.PointNetwork.from_config(config)).run()

def shown(times):
    first = ", ".join(str(round(float(time), 5)) for time in times[:3])
    return f"{len(times)}, at [{first}, ..., {round(float(times[-1]), 5)}] ms"

with h5py.File("output/v.h5") as file:
    rows = file["report/cells/data"].shape[0]
    start, stop, step = file["report/cells/mapping/time"][:]
assert round((stop - start) / step) == rows - 1, (start, stop, step, rows)
print(f"saw: rows in the file: {shown(start + step * np.arange(rows))}")
report = CompartmentReport("output/v.h5")["cells"]
times = report.time_trace()
assert len(times) == report.data().shape[0] == report.data(node_id=0).shape[0]
print(f"saw: rows by the reader: {shown(times)}")
written = CompartmentReport("short.h5", mode="w", variable="V_m", default_population="cells",
                            tstart=0.0, tstop=0.3, dt=0.1)
written.add_cell(0, element_ids=[0], element_pos=[0.5], population="cells")
written.initialize()
written.close()
with h5py.File("short.h5") as file:
    short = file["report/cells/data"].shape[0]
print(f"saw: a report from 0 to 0.3 ms with a step of 0.1 ms is written with {short} rows")
assert (rows, len(times), short) == (190, 188, 2), (rows, len(times), short)
assert abs(times[1] - 0.2) > 0.001, times
END
cd "$folder"
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
