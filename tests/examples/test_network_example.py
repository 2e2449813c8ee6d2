"""The network of examples/network: built, simulated, and read again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from blendtorch.circuit import Circuit, Spikes
from support import ROOT
from support.programs import example, program


def test_a_network_is_built_and_simulated(tmp_path: Path) -> None:
    told = example(sys.executable, ROOT / "examples" / "network" / "build.py", tmp_path)
    assert "blendtorch simulate" in told
    circuit = Circuit.from_config(tmp_path / "config.json")
    assert len(circuit.nodes["cortex"]) == 400
    command = [program("blendtorch"), "simulate", tmp_path / "config.json", "--json", "--plot"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    summary = json.loads(done.stdout)
    assert summary["connections"] == sum(len(edges) for edges in circuit.edges.values())
    spikes = Spikes.read(tmp_path / "output" / "spikes.h5")["cortex"]
    times = np.asarray(spikes.timestamps)
    # What comes from outside is twice as much from 200 to 300 ms.
    during = ((times > 200) & (times < 300)).sum()
    assert during > 1.5 * (len(times) - during) / 4
    assert (tmp_path / "output" / "spikes.png").exists()
