"""Small networks for tests: configurations of a few cells, and what comes of them."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from blendtorch.circuit import NetworkBuilder
from blendtorch.simulate import Simulation

from support import ROOT

GOLDEN = ROOT / "tests" / "golden" / "sonata"
CELL = {"C_m": 200.0, "tau_m": 15.0, "t_ref": 2.0, "E_L": -70.0, "V_reset": -70.0, "V_th": -55.0}


def network(folder: Path, cells: int = 3, virtual: int = 2, **edge: Any) -> dict[str, Any]:
    """`cells` cells of iaf_psc_exp, each reached by all of `virtual` virtual ones, and a
    configuration that runs them for 50 ms. Nothing acts on them yet; only spikes are recorded."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "cell.json").write_text(json.dumps(CELL))
    net = NetworkBuilder("net")
    net.add_nodes(
        N=cells,
        model_type="point_neuron",
        model_template="nest:iaf_psc_exp",
        dynamics_params="cell.json",
        layer=[f"L{2 + at % 2}" for at in range(cells)],
    )
    ext = NetworkBuilder("ext")
    ext.add_nodes(N=virtual, model_type="virtual")
    net.add_edges(
        source=ext.nodes(),
        connection_rule=1,
        **{"model_template": "static_synapse", "syn_weight": 4000.0, "delay": 1.0} | edge,
    )
    for one in (net, ext):
        one.build()
        one.save(output_dir=str(folder / "network"))
    return {
        "run": {"tstart": 0.0, "tstop": 50.0, "dt": 0.1},
        "components": {"point_neuron_models_dir": "models"},
        "networks": {
            "nodes": [
                {
                    "nodes_file": f"network/{name}_nodes.h5",
                    "node_types_file": f"network/{name}_node_types.csv",
                }
                for name in ("net", "ext")
            ],
            "edges": [
                {
                    "edges_file": "network/ext_net_edges.h5",
                    "edge_types_file": "network/ext_net_edge_types.csv",
                }
            ],
        },
        "inputs": {},
        "reports": {},
        "output": {"output_dir": str(folder / "output"), "spikes_file": "spikes.h5"},
    }


def trains(path: Path, units: str | None = "ms", **populations: list[tuple[int, float]]) -> str:
    """A file of spikes: cells and times of each population."""
    with h5py.File(path, "w") as h5:
        for name, spikes in populations.items():
            group = h5.create_group(f"spikes/{name}")
            group["node_ids"] = np.array([cell for cell, _ in spikes], np.uint64)
            group["timestamps"] = np.array([time for _, time in spikes], np.float64)
            if units is not None:
                group["timestamps"].attrs["units"] = units
    return str(path)


def spikes_input(path: Path, node_set: Any = "ext", **more: Any) -> dict[str, Any]:
    """A block of `inputs` that reads a file of spikes."""
    block = {"input_type": "spikes", "module": "sonata", "input_file": str(path)}
    return block | {"node_set": node_set} | more


def ran(config: dict[str, Any], folder: Path, **more: Any) -> Simulation:
    """A configuration that was run, and has written its files."""
    sim = Simulation(config, folder=folder, **more)
    sim.run()
    sim.finish()
    return sim


def spikes(config: dict[str, Any], population: str = "net") -> list[tuple[float, int]]:
    """Times and cells of the spikes that a run has written."""
    with h5py.File(Path(config["output"]["output_dir"]) / "spikes.h5") as h5:
        group = h5[f"spikes/{population}"]
        both = zip(group["timestamps"][()].tolist(), group["node_ids"][()].tolist(), strict=True)
        return sorted(both)
