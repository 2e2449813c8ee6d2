"""Builds a network of point neurons, to be simulated by `blendtorch simulate`.

    python examples/network/build.py [FOLDER]

320 excitatory and 80 inhibitory cells lie in a disk; near ones excite each other, and inhibition
reaches everywhere. 60 virtual cells bring spikes from outside, more of them from 200 to 300 ms.
FOLDER (out/network) gets the files of the network, of the spikes, of the models, config.json, and
network.json, which says how it is drawn once it was simulated (`blendtorch render`).
"""

import json
import sys
from pathlib import Path

import numpy as np
from blendtorch.circuit import NetworkBuilder, Spikes, rules

SEED = 7
CELL = {"C_m": 200.0, "E_L": -70.0, "V_reset": -70.0, "V_th": -55.0, "t_ref": 2.0}
MODELS = {
    "exc.json": CELL | {"tau_m": 20.0, "tau_syn_ex": 2.0, "tau_syn_in": 6.0},
    "inh.json": CELL | {"tau_m": 10.0, "tau_syn_ex": 2.0, "tau_syn_in": 6.0},
    "static.json": {},
}


def disk(rng: np.random.Generator, number: int) -> np.ndarray:
    """Places in a disk of 500 µm."""
    radius, angle = 500.0 * np.sqrt(rng.random(number)), 2 * np.pi * rng.random(number)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(number)])


def networks(rng: np.random.Generator) -> list[NetworkBuilder]:
    """The network, and the virtual cells that drive it."""
    cortex = NetworkBuilder("cortex")
    for kind, number in (("exc", 320), ("inh", 80)):
        x, y, z = disk(rng, number).T
        cortex.add_nodes(
            N=number,
            model_type="point_neuron",
            model_template="nest:iaf_psc_exp",
            dynamics_params=f"{kind}.json",
            ei=kind,
            x=x,
            y=y,
            z=z,
        )
    outside = NetworkBuilder("outside")
    outside.add_nodes(N=60, model_type="virtual")

    synapse = {"model_template": "static_synapse", "dynamics_params": "static.json"}
    near = rules.distance(0.5, 150.0, fall_off="gaussian", seed=SEED)
    cortex.add_edges(
        source={"ei": "exc"},
        target={"ei": "exc"},
        connection_rule=near,
        syn_weight=30.0,
        delay=1.5,
        **synapse,
    )
    for seed, (source, target, weight) in enumerate(
        [("exc", "inh", 45.0), ("inh", "exc", -120.0), ("inh", "inh", -120.0)], SEED + 1
    ):
        cortex.add_edges(
            source={"ei": source},
            target={"ei": target},
            connection_rule=rules.probability(0.1, seed=seed),
            syn_weight=weight,
            delay=0.8,
            **synapse,
        )
    cortex.add_edges(
        source=outside.nodes(),
        target=cortex.nodes(),
        connection_rule=rules.fixed_indegree(6, seed=SEED),
        syn_weight=250.0,
        delay=1.0,
        **synapse,
    )
    return [cortex, outside]


def outside_spikes(rng: np.random.Generator, cells: int, tstop: float) -> Spikes:
    """Random spikes: 40 Hz, and 90 Hz from 200 to 300 ms."""
    ids, times = [], []
    for cell in range(cells):
        for start, stop, rate in ((0, tstop, 40.0), (200, 300, 50.0)):
            number = rng.poisson((stop - start) / 1000 * rate)
            times.append(rng.uniform(start + 0.1, stop, number))
            ids.append(np.full(number, cell))
    return Spikes({"outside": (np.concatenate(ids), np.concatenate(times))})


def config(tstop: float) -> dict:
    """What is simulated, in SONATA's words."""
    nodes = [
        {
            "nodes_file": f"$DIR/network/{name}_nodes.h5",
            "node_types_file": f"$DIR/network/{name}_node_types.csv",
        }
        for name in ("cortex", "outside")
    ]
    edges = [
        {
            "edges_file": f"$DIR/network/{name}_cortex_edges.h5",
            "edge_types_file": f"$DIR/network/{name}_cortex_edge_types.csv",
        }
        for name in ("cortex", "outside")
    ]
    models = "$DIR/models"
    return {
        "manifest": {"$DIR": "${configdir}"},
        "target_simulator": "NEST",
        "run": {"tstart": 0.0, "tstop": tstop, "dt": 0.1},
        "components": {"point_neuron_models_dir": models, "synaptic_models_dir": models},
        "networks": {"nodes": nodes, "edges": edges},
        "node_sets": {"three": {"population": "cortex", "node_id": [0, 100, 350]}},
        "inputs": {
            "outside": {
                "input_type": "spikes",
                "module": "sonata",
                "node_set": "outside",
                "input_file": "$DIR/inputs/outside.h5",
            }
        },
        "reports": {"v": {"module": "membrane_report", "variable_name": "V_m", "cells": "three"}},
        "output": {
            "output_dir": "$DIR/output",
            "spikes_file": "spikes.h5",
            "spikes_sort_order": "by_time",
        },
    }


def scene() -> dict:
    """How it is drawn: a tenth of its time, cells lit by each spike."""
    return {
        "network": "config.json",
        "time": {"fps": 25, "ms_per_s": 100},
        "show": {"as": "decay", "tau_ms": 12},
        "colors": {"map": "plasma", "low": 0, "high": 1},
        "populations": {"cortex": {"radius": 14}},
        "camera": {"elevation": 42, "azimuth": -60},
        "resolution": "640x360",
    }


def main(folder: Path, tstop: float = 500.0) -> None:
    """Writes everything."""
    rng = np.random.default_rng(SEED)
    for name in ("network", "inputs", "models"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for file, parameters in MODELS.items():
        (folder / "models" / file).write_text(json.dumps(parameters, indent=4))
    built = networks(rng)
    for one in built:
        one.build()
        one.save(output_dir=folder / "network")
    outside_spikes(rng, 60, tstop).write(folder / "inputs" / "outside.h5")
    (folder / "config.json").write_text(json.dumps(config(tstop), indent=4))
    (folder / "network.json").write_text(json.dumps(scene(), indent=4))
    print(f"{built[0].nedges} edges; blendtorch simulate {folder / 'config.json'} --plot")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/network"))
