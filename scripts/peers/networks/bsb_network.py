"""Builds a network of about 25,000 cells with BSB 8, in a file of its own HDF5.

    bsb_network.py OUT.hdf5 [--times 50]

Run by the Python of scripts/requirements/peers-bsb.txt. A network of two layers, as a user of BSB
declares it: 420, 30 and 50 cells of three kinds, that many times, and synapses between two of them.
Its seed is given, so that every run places the same cells. Takes minutes: the result is kept.
"""

import argparse
import os
import time

from bsb import Configuration, Scaffold

NUMBERS = {"granule_cell": 420, "golgi_cell": 30, "stellate_cell": 50}
LAYERS = {"granule_cell": "granular", "golgi_cell": "granular", "stellate_cell": "molecular"}
RADII = {"granule_cell": 2.5, "golgi_cell": 8.0, "stellate_cell": 4.0}
COLORS = {"granule_cell": "#E62214", "golgi_cell": "#332EBC", "stellate_cell": "#F5D800"}


def declared(out: str, times: float) -> dict:
    """The configuration, in BSB's words."""
    side = 200.0 * max(1.0, times ** (1 / 3))
    return {
        "name": "a network to be drawn",
        "rng": {"seed": 1234},
        "storage": {"engine": "hdf5", "root": out},
        "network": {"x": side, "y": side, "z": 200.0, "chunk_size": [100, 100, 100]},
        "regions": {"brain": {"type": "stack", "children": ["granular", "molecular"]}},
        "partitions": {
            "granular": {"type": "layer", "thickness": 120},
            "molecular": {"type": "layer", "thickness": 80},
        },
        "cell_types": {
            name: {
                "spatial": {"radius": RADII[name], "count": round(number * times)},
                "plotting": {"display_name": name.replace("_", " "), "color": COLORS[name]},
            }
            for name, number in NUMBERS.items()
        },
        "placement": {
            name: {
                "strategy": "bsb.placement.RandomPlacement",
                "cell_types": [name],
                "partitions": [layer],
            }
            for name, layer in LAYERS.items()
        },
        "connectivity": {
            "granule_to_golgi": {
                "strategy": "bsb.connectivity.FixedIndegree",
                "indegree": 10,
                "presynaptic": {"cell_types": ["granule_cell"]},
                "postsynaptic": {"cell_types": ["golgi_cell"]},
            }
        },
        "simulations": {},
    }


def main() -> None:
    """Builds beside OUT, and names it last: what has that name is whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--times", type=float, default=50.0)
    options = parser.parse_args()
    made = options.out + ".part"
    began, used = time.monotonic(), time.process_time()
    network = Scaffold(Configuration(declared(made, options.times)))
    network.compile(clear=True)
    for kind in network.cell_types.values():
        print(kind.name, len(kind.get_placement_set()), flush=True)
    took, cpu = time.monotonic() - began, time.process_time() - used
    print(f"{took:.0f} s, {cpu:.0f} s of processor time, {os.stat(made).st_size / 1e6:.0f} MB")
    os.replace(made, options.out)


if __name__ == "__main__":
    main()
