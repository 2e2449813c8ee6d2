"""The tissue below the microscope: where its cells lie, how they are connected, when they spike.

Owns the plan of cells and its simulation by `blendtorch.simulate`. Knows no Blender and no light.

Every number of a tissue follows from one generator, so a movie's number gives it again.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from blendtorch.circuit import NetworkBuilder, Spikes, rules
from blendtorch.simulate import Simulation
from numpy.typing import NDArray

# Somata of cortex have about this radius in µm, and there are about so many in a mm³ of layer 2/3.
RADIUS_UM, RADIUS_SPREAD = 6.0, 0.6
DENSITY = 90_000
# What comes from outside: groups of virtual cells, whose rate in Hz wanders between calm and busy.
GROUPS, GROUP, CALM_HZ, BUSY_HZ = 6, 20, 2.0, 10.0
OUTSIDE = GROUPS * GROUP
# The network runs so long before the movie begins: no cell starts it at rest.
WARM_MS = 500.0
DT_MS = 0.5

CELL = {"C_m": 200.0, "E_L": -70.0, "V_reset": -70.0, "V_th": -55.0, "t_ref": 5.0}
MODELS = {
    "exc.json": CELL | {"tau_m": 20.0, "tau_syn_ex": 3.0, "tau_syn_in": 6.0},
    "inh.json": CELL | {"tau_m": 10.0, "tau_syn_ex": 3.0, "tau_syn_in": 6.0},
    "static.json": {},
}


@dataclass
class Cells:
    """Cells in a box: x and y from 0 to its width, z from below the focus to above it, in µm."""

    positions: NDArray[np.float32]
    """n by 3, µm; z = 0 is in focus."""
    radii: NDArray[np.float32]
    """n, µm."""
    brightness: NDArray[np.float32]
    """n: the light of a cell at rest, 1 for a common one."""
    inhibitory: NDArray[np.bool_]
    """n: the last fifth."""

    def __len__(self) -> int:
        return len(self.radii)


def scatter(rng: np.random.Generator, width: float, depth: float) -> Cells:
    """Cells in a box of `width` × `width` × ±`depth` µm, none of which touches another."""
    number = rng.poisson(DENSITY * width**2 * 2 * depth / 1e9)
    positions = np.empty((0, 3))
    radii = np.empty(0)
    for _ in range(number):
        radius = np.clip(rng.normal(RADIUS_UM, RADIUS_SPREAD), 4.5, 7.5)
        for _ in range(50):
            place = rng.uniform([radius, radius, -depth], [width - radius, width - radius, depth])
            apart = np.linalg.norm(positions - place, axis=1) - radii
            if (apart > radius + 0.2).all():
                positions, radii = np.vstack([positions, place]), np.append(radii, radius)
                break
    bright = np.exp(rng.normal(0.0, 0.5, len(radii)))
    return Cells(
        positions.astype(np.float32),
        radii.astype(np.float32),
        bright.astype(np.float32),
        np.arange(len(radii)) >= 0.8 * len(radii),
    )


def simulate(
    rng: np.random.Generator, cells: Cells, duration_ms: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The spikes of a network of these cells: which cell, and when in ms, from 0 to the end."""
    with tempfile.TemporaryDirectory(prefix="microscopy-") as name:
        folder = Path(name)
        for file, parameters in MODELS.items():
            (folder / file).write_text(json.dumps(parameters))
        for network in _networks(rng, cells):
            network.build()
            network.save(output_dir=folder)
        stop = WARM_MS + duration_ms
        _outside(rng, stop).write(folder / "outside.h5")
        (folder / "config.json").write_text(json.dumps(_config(stop)))
        with Simulation(folder / "config.json") as run:
            run.run()
            run.finish()
        spikes = Spikes.read(folder / "spikes.h5")["tissue"]
        ids, times = np.asarray(spikes.node_ids), np.asarray(spikes.timestamps) - WARM_MS
    return ids[times >= 0].astype(np.int64), times[times >= 0]


def _networks(rng: np.random.Generator, cells: Cells) -> list[NetworkBuilder]:
    """The tissue, and the virtual cells that drive it. Who is driven how much differs widely."""
    tissue, outside = NetworkBuilder("tissue"), NetworkBuilder("outside")
    for kind in ("exc", "inh"):
        x, y, z = cells.positions[cells.inhibitory == (kind == "inh")].T
        tissue.add_nodes(
            N=len(x),
            model_type="point_neuron",
            model_template="nest:iaf_psc_exp",
            dynamics_params=f"{kind}.json",
            ei=kind,
            x=x,
            y=y,
            z=z,
        )
    outside.add_nodes(N=OUTSIDE, model_type="virtual")
    synapse = {"model_template": "static_synapse", "dynamics_params": "static.json"}
    for source, target, weight, near in (
        ("exc", "exc", 60.0, 80.0),
        ("exc", "inh", 90.0, 100.0),
        ("inh", "exc", -180.0, 100.0),
        ("inh", "inh", -120.0, 100.0),
    ):
        tissue.add_edges(
            source={"ei": source},
            target={"ei": target},
            connection_rule=rules.distance(
                0.3, near, fall_off="gaussian", seed=int(rng.integers(2**31))
            ),
            syn_weight=weight,
            delay=1.5,
            **synapse,
        )
    tissue.add_edges(
        source=outside.nodes(),
        target=tissue.nodes(),
        connection_rule=rules.probability(0.1, seed=int(rng.integers(2**31))),
        syn_weight=270.0,
        delay=1.0,
        **synapse,
    )
    return [tissue, outside]


def _outside(rng: np.random.Generator, stop_ms: float) -> Spikes:
    """Poisson spikes of the virtual cells: within a second or so a group becomes busy, or calm."""
    edges = np.arange(0.0, stop_ms + 1.0, 100.0)
    state = rng.normal(0.0, 0.95, GROUPS)
    ids, times = [], []
    for start in edges:
        state = 0.85 * state + rng.normal(0.0, 0.5, GROUPS)
        busy = 1.0 / (1.0 + np.exp(-2.0 * state))
        hz = CALM_HZ + (BUSY_HZ - CALM_HZ) * np.repeat(busy, GROUP)
        number = rng.poisson(hz * 0.1)
        ids.append(np.repeat(np.arange(OUTSIDE), number))
        times.append(start + rng.integers(1, 100 / DT_MS, number.sum()) * DT_MS)
    ids_all, times_all = np.concatenate(ids), np.concatenate(times)
    early = times_all < stop_ms - 1.0
    return Spikes({"outside": (ids_all[early], times_all[early])})


def _config(stop_ms: float) -> dict[str, object]:
    """What is simulated, in SONATA's words."""
    here = "${configdir}"
    return {
        "target_simulator": "NEST",
        "run": {"tstart": 0.0, "tstop": stop_ms, "dt": DT_MS},
        "components": {"point_neuron_models_dir": here, "synaptic_models_dir": here},
        "networks": {
            "nodes": [
                {
                    "nodes_file": f"{here}/{name}_nodes.h5",
                    "node_types_file": f"{here}/{name}_node_types.csv",
                }
                for name in ("tissue", "outside")
            ],
            "edges": [
                {
                    "edges_file": f"{here}/{name}_tissue_edges.h5",
                    "edge_types_file": f"{here}/{name}_tissue_edge_types.csv",
                }
                for name in ("tissue", "outside")
            ],
        },
        "inputs": {
            "outside": {
                "input_type": "spikes",
                "module": "sonata",
                "node_set": {"population": "outside"},
                "input_file": f"{here}/outside.h5",
            }
        },
        "output": {"output_dir": here, "spikes_file": "spikes.h5", "spikes_sort_order": "by_time"},
    }
