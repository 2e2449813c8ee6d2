"""Networks of neurons as files: their building, their reading, and what they did.

`NetworkBuilder` builds and saves SONATA networks in the words of BMTK's; `rules` has the usual
connection rules. `Circuit` reads networks, `Spikes` reads and writes
spikes.
"""

from . import rules
from .builder import NetworkBuilder
from .connections import Connections, Edge
from .network import Circuit, EdgePopulation, Edges, NodePopulation
from .pools import Node, NodePool, NodeTable
from .rules import vectorised
from .spikes import Spikes, SpikeTrains

__all__ = [
    "Circuit",
    "Connections",
    "Edge",
    "EdgePopulation",
    "Edges",
    "NetworkBuilder",
    "Node",
    "NodePool",
    "NodePopulation",
    "NodeTable",
    "SpikeTrains",
    "Spikes",
    "rules",
    "vectorised",
]
