"""Builds network (b) as a user of BMTK would. `compare.py` runs it with BMTK's builder and with
ours, only the import line changed.

    network_b.py CELLS FOLDER

A fifth of the cells is inhibitory; excitatory ones are connected by distance, the others with a
probability, each edge with a weight and a delay of its own; 50 virtual cells drive them.
"""

import math
import random
import sys

import numpy as np
from bmtk.builder.networks import NetworkBuilder

cells, folder = int(sys.argv[1]), sys.argv[2]
exc = cells * 4 // 5
inh = cells - exc
np.random.seed(12)
random.seed(12)
# In-degrees do not grow with the network: about 40 and 11, and 5 from outside.
near = min(1.0, 0.45 * 240 / exc)
sparse = min(1.0, 0.19 * 60 / inh)


def by_distance(source, target, peak, scale):
    if source.node_id == target.node_id:
        return 0
    d2 = (source["x"] - target["x"]) ** 2 + (source["y"] - target["y"]) ** 2
    return int(random.random() < peak * math.exp(-d2 / (2 * scale**2)))


def with_probability(source, target, p):
    return random.randint(1, 2) if random.random() < p else None


def weight(source, target, mean):
    return np.random.normal(mean, abs(mean) / 10)


def delay(source, target):
    return round(np.random.uniform(0.1, 3.0), 1)


net = NetworkBuilder("cortex")
net.add_nodes(
    N=exc,
    pop_name="Exc",
    ei="e",
    model_type="point_neuron",
    model_template="nest:iaf_psc_exp",
    dynamics_params="exc.json",
    x=np.random.uniform(0, 400, exc),
    y=np.random.uniform(0, 400, exc),
    z=np.random.uniform(0, 100, exc),
)
net.add_nodes(
    N=inh,
    pop_name="Inh",
    ei="i",
    model_type="point_neuron",
    model_template="nest:iaf_psc_exp",
    dynamics_params="inh.json",
    x=np.random.uniform(0, 400, inh),
    y=np.random.uniform(0, 400, inh),
    z=np.random.uniform(0, 100, inh),
)
for pre in ("e", "i"):
    for post in ("e", "i"):
        by = pre == "e"
        edges = net.add_edges(
            source={"ei": pre},
            target={"ei": post},
            connection_rule=by_distance if by else with_probability,
            connection_params={"peak": near, "scale": 150.0} if by else {"p": sparse},
            model_template="static_synapse",
            dynamics_params="static.json",
        )
        edges.add_properties(
            "syn_weight",
            rule=weight,
            rule_params={"mean": 25.0 if by else -60.0},
            dtypes=np.float64,
        )
        edges.add_properties("delay", rule=delay, dtypes=np.float64)
net.build()
net.save(output_dir=folder)

ext = NetworkBuilder("ext")
ext.add_nodes(N=50, model_type="virtual")
ext.add_edges(
    source=ext.nodes(),
    target=net.nodes(),
    connection_rule=lambda source, target: np.random.binomial(1, 0.1),
    model_template="static_synapse",
    dynamics_params="static.json",
    syn_weight=120.0,
    delay=1.0,
)
ext.build()
ext.save(output_dir=folder)
