"""Network (b) as `network_b.py` has it, with rules of arrays.

network_b_arrays.py CELLS FOLDER
"""

import sys

import numpy as np
from blendtorch.circuit import NetworkBuilder, rules, vectorised

cells, folder = int(sys.argv[1]), sys.argv[2]
exc = cells * 4 // 5
inh = cells - exc
random = np.random.default_rng(12)
near = min(1.0, 0.45 * 240 / exc)
sparse = min(1.0, 0.19 * 60 / inh)


@vectorised
def by_distance(sources, targets, peak, scale):
    d2 = sum((sources[axis][:, None] - targets[axis]) ** 2 for axis in "xy")
    drawn = random.random(d2.shape) < peak * np.exp(-d2 / (2 * scale**2))
    return drawn & (sources.node_id[:, None] != targets.node_id)


@vectorised
def with_probability(sources, targets, p):
    shape = (len(sources), len(targets))
    return np.where(random.random(shape) < p, random.integers(1, 3, shape), 0)


@vectorised
def weight(sources, targets, mean):
    return random.normal(mean, abs(mean) / 10, len(sources))


@vectorised
def delay(sources, targets):
    return random.uniform(0.1, 3.0, len(sources)).round(1)


net = NetworkBuilder("cortex")
for ei, name, count in (("e", "Exc", exc), ("i", "Inh", inh)):
    net.add_nodes(
        N=count,
        pop_name=name,
        ei=ei,
        model_type="point_neuron",
        model_template="nest:iaf_psc_exp",
        dynamics_params=f"{name.lower()}.json",
        x=random.uniform(0, 400, count),
        y=random.uniform(0, 400, count),
        z=random.uniform(0, 100, count),
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
    connection_rule=rules.probability(0.1, seed=12),
    model_template="static_synapse",
    dynamics_params="static.json",
    syn_weight=120.0,
    delay=1.0,
)
ext.build()
ext.save(output_dir=folder)
