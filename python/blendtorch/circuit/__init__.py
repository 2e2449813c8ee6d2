"""Networks of neurons as files: their building, their reading, and what they did.

`NetworkBuilder` builds and saves SONATA networks in the words of BMTK's; `rules` has the usual
connection rules. `Circuit` reads networks, `Spikes` reads and writes
spikes, `Report` what was recorded. `CellNetwork` and `Results` are what is drawn: cells with places
and looks, and their spikes, of BSB and of SONATA. `SpikeIndex`, `Timeline` and the kinds of
`Activity` say what is shown of it in a frame; `colorize` gives values colours, and `optics` says
where light is. `LiveSender` tells viewers what happens in a network while it is simulated.
"""

from . import optics, rules
from .activity import Activity, Decay, Flash, Indicator, Pulsar, SpikeIndex, Timeline
from .builder import NetworkBuilder
from .cells import CellNetwork, CellPopulation, Results, spikes_from_mapping
from .colors import color_map, color_maps, colorize
from .configs import read_config
from .connections import Connections, Edge
from .description import Description, scene_description
from .live import LiveSender
from .morphology import Morphology
from .network import Circuit, EdgePopulation, Edges, NodePopulation
from .pools import Node, NodePool, NodeTable
from .reports import Electrodes, Report, ReportPopulation
from .rules import vectorised
from .spikes import Spikes, SpikeTrains
from .traces import Compartments, Traces

__all__ = [
    "Activity",
    "CellNetwork",
    "CellPopulation",
    "Circuit",
    "Compartments",
    "Connections",
    "Decay",
    "Description",
    "Edge",
    "EdgePopulation",
    "Edges",
    "Electrodes",
    "Flash",
    "Indicator",
    "LiveSender",
    "Morphology",
    "NetworkBuilder",
    "Node",
    "NodePool",
    "NodePopulation",
    "NodeTable",
    "Pulsar",
    "Report",
    "ReportPopulation",
    "Results",
    "SpikeIndex",
    "SpikeTrains",
    "Spikes",
    "Timeline",
    "Traces",
    "color_map",
    "color_maps",
    "colorize",
    "optics",
    "read_config",
    "rules",
    "scene_description",
    "spikes_from_mapping",
    "vectorised",
]
