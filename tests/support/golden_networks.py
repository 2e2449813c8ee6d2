"""Golden networks and results, unpacked."""

import gzip
import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

SMALL_V3 = "bsb_v3/small_v3.hdf5"
SMALL_V4 = "bsb_v4/small_v4.hdf5"
SMALL_V8 = "bsb_v8/small_v8.hdf5"
RESULTS_V3 = "bsb_v3/results_v3.hdf5"
RESULTS_V8 = "bsb_v8/results_v8.nio"


def unpack(name: str, folder: Path) -> Path:
    """A golden file in a folder, where it may be changed."""
    path = folder / Path(name).name
    path.write_bytes(gzip.decompress((GOLDEN / "network" / f"{name}.gz").read_bytes()))
    return path


def expected(version: str) -> Any:
    """What BSB itself read of the files of `v3` or `v8`."""
    return json.loads((GOLDEN / f"network/bsb_{version}/expected_{version}.json").read_text())
