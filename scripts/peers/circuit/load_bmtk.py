"""Times BMTK's reader: opening a network and giving its edges to NEST, but without NEST.

load_bmtk.py CONFIG
"""

import json
import resource
import sys
import time

from bmtk.simulator import pointnet
from bmtk.simulator.pointnet.pointnetwork import PointNetwork

edges = 0


def taken(self, sources, targets, conn_spec, syn_spec):
    """In place of NEST's connect: counts."""
    global edges
    edges += len(sources)


PointNetwork._nest_connect = taken
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
wall, cpu = time.perf_counter(), time.process_time()
config = pointnet.Config.from_json(sys.argv[1])
PointNetwork.from_config(config).build()
took = time.perf_counter() - wall, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(
    json.dumps(
        {
            "edges": edges,
            "wall_s": round(took[0], 4),
            "cpu_s": round(took[1], 4),
            "bytes_an_edge": round((peak - before) * 1024 / max(edges, 1), 1),
        }
    )
)
