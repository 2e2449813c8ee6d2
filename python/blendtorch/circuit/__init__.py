"""Networks of neurons as files: their building, their reading, and what they did.

`NetworkBuilder` builds and saves SONATA networks in the words of BMTK's; `rules` has the usual
connection rules. `Circuit` reads networks, `Spikes` reads and writes
spikes, `Report` what was recorded.
"""

from . import rules
from .builder import NetworkBuilder
from .configs import read_config
from .connections import Connections, Edge
from .description import Description, scene_description
from .network import Circuit, EdgePopulation, Edges, NodePopulation
from .pools import Node, NodePool, NodeTable
from .reports import Electrodes, Report, ReportPopulation
from .rules import vectorised
from .spikes import Spikes, SpikeTrains

__all__ = [
    "Circuit",
    "Connections",
    "Description",
    "Edge",
    "EdgePopulation",
    "Edges",
    "Electrodes",
    "NetworkBuilder",
    "Node",
    "NodePool",
    "NodePopulation",
    "NodeTable",
    "Report",
    "ReportPopulation",
    "SpikeTrains",
    "Spikes",
    "read_config",
    "rules",
    "scene_description",
    "vectorised",
]
