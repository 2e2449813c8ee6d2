#!/bin/sh
# libsonata reads neither the spikes nor the reports that BMTK writes, for six reasons.
#
# Seen with bmtk 1.2.0, libsonata 0.2.2 and h5py 3.16.0 on Python 3.11, Linux.
#
# A good guess: both implement SONATA, so what one writes the other reads.
# What happens: libsonata's wheel has an HDF5 without deflate, and BMTK compresses with gzip by
# default; `sorting` must be an HDF5 enumeration, and BMTK writes a string (a file without `sorting` is
# read). In reports the pointers are called `index_pointers`, BMTK's `index_pointer`; data and time
# must have units; and data must be float32, which libsonata says only when it is asked for values: a
# file of float64 opens. Mended one by one, both are read.
# Output:
#   saw: spikes as written: Unable to read the dataset (Plugin for dynamically loaded library) Can't open directory or file
#   saw: spikes without gzip: Unable to read attribute (Datatype) Unable to initialize object
#   saw: spikes with an enumeration: read
#   saw: report as written: Unable to open the dataset "index_pointers": (Symbol table) Object not found
#   saw: report with index_pointers: Unable to open the attribute "units": (Attribute) Object not found
#   saw: report with units of time: Unable to open the attribute "units": (Attribute) Object not found
#   saw: report with units of data: opened; DataType of dataset 'data' should be Float32 ('Float64' was found)
#   saw: report with float32: read
#
# Here: what we write, libsonata and BMTK read both: an enumeration, no compression unless asked for,
# float32 with units, the pointers under both names (circuit/src/spikes/write.rs,
# circuit/src/reports/write.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    bmtk==1.2.0 libsonata==0.2.2 h5py==3.16.0 numpy==2.4.6 pandas==2.3.3
cat >"$folder/finding.py" <<'END'
import sys

import h5py
import libsonata
import numpy as np
from bmtk.utils.reports import CompartmentReport
from bmtk.utils.reports.spike_trains import SpikeTrains

folder = sys.argv[1]
found = []

def says(what, opened, read):
    said = ""
    try:
        population = opened()
        said = "opened; "
        read(population)
        said = "read"
    except (RuntimeError, libsonata.SonataError) as error:
        said += str(error)
    print(f"saw: {what}: {said}")
    found.append(said)

def spikes(name):
    def read(population):
        assert population.get() == [(0, 1.0), (1, 2.0)], population.get()
    return lambda: libsonata.SpikeReader(f"{folder}/{name}")["cells"], read

def written(name, **how):
    trains = SpikeTrains(population="cells")
    trains.add_spikes([0, 1], [1.0, 2.0])
    trains.to_sonata(f"{folder}/{name}", **how)

written("gzip.h5")
says("spikes as written", *spikes("gzip.h5"))
written("plain.h5", compression=None)
says("spikes without gzip", *spikes("plain.h5"))
order = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1")
with h5py.File(f"{folder}/plain.h5", "r+") as file:
    del file["spikes/cells"].attrs["sorting"]
    file["spikes/cells"].attrs.create("sorting", 0, dtype=order)
says("spikes with an enumeration", *spikes("plain.h5"))

path = f"{folder}/report.h5"
report = CompartmentReport(path, mode="w", variable="V_m", default_population="cells",
                           tstart=0.0, tstop=0.5, dt=0.1, n_steps=5)
report.add_cell(0, element_ids=[0], element_pos=[0.5], population="cells")
report.initialize()
report.record_cell_block(0, vals=np.full(5, -70.0), beg_step=0, end_step=5, population="cells")
report.close()

def values(population):
    assert np.array(population.get().data).tolist() == [[-70.0]] * 5

def opened():
    return libsonata.ElementReportReader(path)["cells"]

def mended(what, mend):
    with h5py.File(path, "r+") as file:
        mend(file["report/cells"])
    says(f"report {what}", opened, values)

def in_float32(group):
    units, data = group["data"].attrs["units"], group["data"][:]
    del group["data"]
    group.create_dataset("data", data=data.astype("f4")).attrs["units"] = units

says("report as written", opened, values)
mended("with index_pointers",
       lambda group: group["mapping"].move("index_pointer", "index_pointers"))
mended("with units of time", lambda group: group["mapping/time"].attrs.update(units="ms"))
mended("with units of data", lambda group: group["data"].attrs.update(units="mV"))
mended("with float32", in_float32)
assert [said == "read" for said in found] == [False, False, True] + [False] * 4 + [True], found
assert "index_pointers" in found[3] and "units" in found[4] and "units" in found[5], found
assert found[6].startswith("opened; ") and "Float32" in found[6], found
END
# HDF5 tells each refusal on stderr, at length.
"$folder/venv/bin/python" "$folder/finding.py" "$folder" >"$folder/said" 2>"$folder/noise" ||
    { tail -5 "$folder/noise" >&2; exit 1; }
grep '^saw: ' "$folder/said"
