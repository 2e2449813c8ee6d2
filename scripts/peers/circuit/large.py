"""Writes a network of as many edges as are wanted, a thousand to a cell, for timing readers.

large.py EDGES FOLDER
"""

import json
import sys
from pathlib import Path

from blendtorch.circuit import NetworkBuilder, rules, vectorised

edges, folder = int(sys.argv[1]), Path(sys.argv[2])
cells = max(1001, edges // 1000)
net = NetworkBuilder("net")
net.add_nodes(
    N=cells,
    model_type="point_neuron",
    model_template="nest:iaf_psc_exp",
    dynamics_params="cell.json",
)
made = net.add_edges(
    connection_rule=rules.fixed_indegree(1000, seed=1),
    model_template="static_synapse",
    dynamics_params="synapse.json",
)
made.add_properties("syn_weight", rule=vectorised(lambda sources, _: sources.node_id * 0.01))
made.add_properties("delay", rule=vectorised(lambda _, targets: 1.0 + targets.node_id % 20 / 10))
net.build()
net.save(output_dir=folder / "network")
for name in ("cell", "synapse"):
    (folder / f"{name}.json").write_text("{}")
(folder / "config.json").write_text(
    json.dumps(
        {
            "target_simulator": "NEST",
            "run": {"tstop": 1.0, "dt": 0.1},
            "components": {
                "point_neuron_models_dir": str(folder),
                "synaptic_models_dir": str(folder),
            },
            "output": {"output_dir": str(folder / "output"), "log_to_console": False},
            "networks": {
                "nodes": [
                    {
                        "nodes_file": str(folder / "network/net_nodes.h5"),
                        "node_types_file": str(folder / "network/net_node_types.csv"),
                    }
                ],
                "edges": [
                    {
                        "edges_file": str(folder / "network/net_net_edges.h5"),
                        "edge_types_file": str(folder / "network/net_net_edge_types.csv"),
                    }
                ],
            },
        },
        indent=1,
    )
)
