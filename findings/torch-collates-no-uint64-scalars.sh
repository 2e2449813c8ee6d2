#!/bin/sh
# torch makes batches of uint64 arrays, and of uint32 scalars, but of no uint64 scalars.
#
# Seen with torch 2.13.0 and numpy 1.26.4 on Python 3.11, Linux. Torch is 2.7 GB to download.
#
# A good guess: default_collate takes numpy's scalars of every type that torch has.
# What happens: numpy.uint64(7) is a TypeError that names neither type nor field, while
# numpy.array(7, "uint64"), which looks the same, becomes a tensor of torch.uint64. A plain int
# beyond int64 overflows.
# Output:
#   saw: uint32 scalar: torch.uint32
#   saw: uint64 scalar: TypeError: an integer is required
#   saw: uint64 array of rank 0: torch.uint64
#   saw: int 2**63: ValueError: Overflow when unpacking long long
#
# Here: seeds, half of which fit no int64, are published as uint64 arrays of rank 0
# (btb/seeds.py, python/src/values/from_python.rs).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==1.26.4
cat >"$folder/finding.py" <<'END'
import numpy as np
from torch.utils.data import default_collate

def collated(value):
    try:
        return str(default_collate([value, value]).dtype)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

values = {
    "uint32 scalar": np.uint32(7),
    "uint64 scalar": np.uint64(7),
    "uint64 array of rank 0": np.array(7, np.uint64),
    "int 2**63": 2**63,
}
found = {name: collated(value) for name, value in values.items()}
for name, said in found.items():
    print(f"saw: {name}: {said}")
assert found["uint32 scalar"] == "torch.uint32", found
assert found["uint64 array of rank 0"] == "torch.uint64", found
assert "Error" in found["uint64 scalar"] and "Error" in found["int 2**63"], found
END
"$folder/venv/bin/python" "$folder/finding.py" >"$folder/said"
grep '^saw: ' "$folder/said"
