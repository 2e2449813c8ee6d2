"""Puts what `scripts/peers/neurons.sh` measured into rows: OUT/neurons.rows.json.

rows.py OUT
"""

import json
import sys
from pathlib import Path
from typing import Any

# Of NEST's own processor time, for the network of iaf_psc_exp and for the others.
GOALS = {"exp": 0.08}
OTHERS = 0.15


def row(name: str, unit: str, ours: list[float], theirs: list[float], goal: Any) -> dict[str, Any]:
    """A row, as those of animations are."""
    return {
        "name": name,
        "unit": unit,
        "values": ours,
        "baseline": theirs,
        "times_at_most": goal,
        "at_most": None,
    }


def main(out: Path) -> None:
    """Reads what each part left."""
    rows = []
    built = json.loads((out / "circuit.json").read_text())
    for name, ours, theirs, goal in (
        ("building (b), a rule of arrays, beside BMTK", "build_arrays", "build_bmtk", 0.02),
        ("building (b), BMTK's script, beside BMTK", "build_pairs", "build_bmtk", None),
        ("reading 10^7 edges, beside BMTK", "load_ours", "load_bmtk", 0.2),
    ):
        cpu = [built[which]["all_cpu_s"] for which in (ours, theirs)]
        rows.append(row(name, "s", *cpu, goal))
    nest = json.loads((out / "neurons" / "nest.json").read_text())
    steps = json.loads((out / "neurons" / "neurons.json").read_text())
    for name, found in nest.items():
        cases = steps["networks"][name]
        ours = [cases["1 thread"]["processor"][0]]
        label = f"steps, {name}, {steps['cells']} cells, beside NEST's Simulate"
        rows.append(row(label, "s", ours, [found["processor"]], GOALS.get(name, OTHERS)))
    for name, cases in steps["networks"].items():
        if "loop in C" in cases:
            label = f"steps, {name}, beside a loop in C"
            theirs = [cases["loop in C"]["processor"][0]]
            rows.append(row(label, "s", [cases["1 thread"]["processor"][0]], theirs, None))
        wall = [cases[which]["wall"][0] for which in ("two side by side", "2 threads")]
        # Half of the work of two: a ratio above 0.85 is reached where this is at most 1 / 0.85.
        label = f"wall, {name}, 2 threads, beside half of two runs side by side"
        rows.append(row(label, "s", [wall[1]], [wall[0] / 2], round(1 / 0.85, 3)))
    rows += json.loads((out / "whole.json").read_text())["rows"]
    (out / "neurons.rows.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
