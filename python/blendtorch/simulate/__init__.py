"""Simulates networks of point neurons that SONATA configurations describe.

With the words that BMTK's users know:

    from blendtorch.simulate import pointnet

    config = pointnet.Config.from_json("config.json")
    config.build_env()
    network = pointnet.PointNetwork.from_config(config)
    sim = pointnet.PointSimulator.from_config(config, network)
    sim.run()

`Simulation` is what stands below, as in Rust: it can be run in pieces, asked and changed between
them.
What is the same as in BMTK, what is better and what has changed says docs/from-bmtk.md.
"""

from . import pointnet
from .functions import (
    add_delay_function,
    add_spikes_generator,
    add_weight_function,
    spikes_generator,
    synaptic_delay,
    synaptic_weight,
)
from .simulation import Simulation

__all__ = [
    "Simulation",
    "add_delay_function",
    "add_spikes_generator",
    "add_weight_function",
    "pointnet",
    "spikes_generator",
    "synaptic_delay",
    "synaptic_weight",
]
