"""Runs a build script and prints what it took, without the import of its builder, as JSON.

timed.py SCRIPT ARGUMENTS...
"""

import json
import resource
import sys
import time
from pathlib import Path

sys.argv = sys.argv[1:]
source = Path(sys.argv[0]).read_text()
# What the script imports is here already when it begins.
imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
exec("\n".join(imports), {})
wall, cpu = time.perf_counter(), time.process_time()
exec(compile(source, sys.argv[0], "exec"), {"__name__": "__main__"})
print(
    json.dumps(
        {
            "wall_s": round(time.perf_counter() - wall, 4),
            "cpu_s": round(time.process_time() - cpu, 4),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    )
)
