"""Times our reader: opening a network and reading sources, targets, weights and delays of all
edges, a block at a time.

    load_ours.py CONFIG
"""

import json
import resource
import sys
import time

from blendtorch.circuit import Circuit

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
wall, cpu = time.perf_counter(), time.process_time()
circuit = Circuit.from_config(sys.argv[1])
edges = sum(
    len(block)
    for population in circuit.edges.values()
    for block in population.blocks(250_000, "syn_weight", "delay")
)
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
