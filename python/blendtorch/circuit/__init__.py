"""Networks of neurons as files: their building, their reading, and what they did.

`NetworkBuilder` builds and saves SONATA networks in the words of BMTK's; `rules` has the usual
connection rules.
"""

from . import rules
from .builder import NetworkBuilder
from .connections import Connections, Edge
from .pools import Node, NodePool, NodeTable
from .rules import vectorised

__all__ = [
    "Connections",
    "Edge",
    "NetworkBuilder",
    "Node",
    "NodePool",
    "NodeTable",
    "rules",
    "vectorised",
]
