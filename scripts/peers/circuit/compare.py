"""BMTK's builder and reader beside ours, in turns; prints JSON.

    compare.py BMTK_PYTHON [--cells 1000] [--edges 10000000] [--rounds 3]

BMTK_PYTHON is a Python with bmtk, nest-simulator and h5py; this one has blendtorch and h5py. First
`network_b.py` is run with both builders, only its import line changed, and the tables must be equal
edge for edge. Then both build it at so many cells, ours also with rules of arrays; then both read a
network of so many edges, BMTK's up to where it would call NEST. Imports are not counted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import numpy as np

HERE = Path(__file__).resolve().parent
IMPORT = "from bmtk.builder.networks import NetworkBuilder"


def run(python: str, script: Path, *words: Any, timed: bool = True) -> dict[str, float]:
    """What a script prints last."""
    command = [python, *([HERE / "timed.py"] if timed else []), script, *map(str, words)]
    # The threads that numpy's OpenBLAS begins with spin for a while, and nothing here needs them.
    env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    found: dict[str, float] = json.loads(told.strip().splitlines()[-1])
    return found


def table(path: Path) -> np.ndarray[Any, Any]:
    """A row for each edge, in an order that no writer chooses."""
    with h5py.File(path) as file:
        ((_, edges),) = file["edges"].items()
        ends = [edges[name][:] for name in ("target_node_id", "source_node_id", "edge_type_id")]
        index = edges["edge_group_index"][:]
        own = [edges[f"0/{name}"][:][index] for name in sorted(edges["0"])]
    rows = np.array([*ends, *own], float).T
    return rows[np.lexsort(rows.T[::-1])]


def equal(bmtk: str, ours: Path, folder: Path) -> dict[str, int]:
    """How many edges of network (b) at 300 cells are equal; they must all be."""
    run(bmtk, HERE / "network_b.py", 300, folder / "theirs")
    run(sys.executable, ours, 300, folder / "ours")
    found = {}
    for name in ("cortex_cortex", "ext_cortex"):
        both = [table(folder / of / f"{name}_edges.h5") for of in ("theirs", "ours")]
        np.testing.assert_array_equal(*both)
        found[name] = len(both[0])
    return found


def summary(runs: list[dict[str, float]]) -> dict[str, Any]:
    """The median of each figure, and all of the processor's."""
    return {
        **{name: median(one[name] for one in runs) for name in runs[0]},
        "all_cpu_s": [one["cpu_s"] for one in runs],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bmtk", help="a Python with bmtk")
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        ours = folder / "network_b.py"
        source = (HERE / "network_b.py").read_text()
        assert IMPORT in source
        ours.write_text(source.replace(IMPORT, "from blendtorch.circuit import NetworkBuilder"))
        same = equal(args.bmtk, ours, folder)
        run(sys.executable, HERE / "large.py", args.edges, folder / "large")
        config = folder / "large/config.json"
        arrays = HERE / "network_b_arrays.py"
        ways: dict[str, Any] = {
            "build_bmtk": lambda: run(args.bmtk, HERE / "network_b.py", args.cells, folder / "b"),
            "build_pairs": lambda: run(sys.executable, ours, args.cells, folder / "b"),
            "build_arrays": lambda: run(sys.executable, arrays, args.cells, folder / "b"),
            "load_bmtk": lambda: run(args.bmtk, HERE / "load_bmtk.py", config, timed=False),
            "load_ours": lambda: run(sys.executable, HERE / "load_ours.py", config, timed=False),
        }
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for _ in range(args.rounds):
            for name, way in ways.items():
                runs[name].append(way())
    found = {name: summary(each) for name, each in runs.items()}
    ratios = {
        f"{ours_}_of_{theirs}": round(found[ours_]["cpu_s"] / found[theirs]["cpu_s"], 4)
        for ours_, theirs in (
            ("build_pairs", "build_bmtk"),
            ("build_arrays", "build_bmtk"),
            ("load_ours", "load_bmtk"),
        )
    }
    print(json.dumps({"equal_edges": same, **found, "cpu_ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()
