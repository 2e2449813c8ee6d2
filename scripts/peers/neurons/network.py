"""Network (b) ready to be simulated: built by our builder, all else as in the golden one.

network.py CELLS MS FOLDER
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from blendtorch.circuit import Spikes

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parents[2] / "tests" / "golden" / "sonata" / "b_ei_exp"
# Of a virtual cell, in Hz; as in the golden one.
RATE = 29.0

cells, ms, folder = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
(folder / "inputs").mkdir(parents=True, exist_ok=True)
builder = HERE.parent / "circuit" / "network_b_arrays.py"
subprocess.run([sys.executable, builder, str(cells), folder / "network"], check=True)
shutil.copytree(GOLDEN / "components", folder / "components", dirs_exist_ok=True)
rng = np.random.default_rng(3)
numbers = rng.poisson(RATE * ms / 1000, 50)
ids = np.repeat(np.arange(50), numbers)
times = rng.uniform(1.0, ms, numbers.sum())
Spikes({"ext": (ids, times)}).write(folder / "inputs" / "ext_spikes.h5")
config = json.loads((GOLDEN / "config.json").read_text())
config["run"]["tstop"] = ms
config["output"] |= {"overwrite_output_dir": False}
(folder / "config.json").write_text(json.dumps(config, indent=1))
