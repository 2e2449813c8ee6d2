"""The whole command beside BMTK with NEST: processor time, memory, and whether the spikes are
equal.

    whole.py PROGRAM BMTK_PYTHON CONFIG OUT --rounds N

PROGRAM is our `blendtorch`, BMTK_PYTHON the Python of an environment with BMTK. Both run CONFIG,
one after the other, N times. Rows for docs/peers.md go to OUT.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

HERE = Path(__file__).parent


def measured(command: list[str], cwd: Path) -> dict[str, float]:
    """Processor seconds and the largest memory (MB) of a command that ends well."""
    with (cwd / "log.txt").open("wb") as log:
        started = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log)
        _, status, usage = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        sys.exit(f"{command} ended with {started.returncode}: {(cwd / 'log.txt').read_text()}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}


def spikes(file: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Times and cells of each population, in one order."""
    found = {}
    with h5py.File(file) as h5:
        for name, group in h5["spikes"].items():
            table = np.array([group["timestamps"][()], group["node_ids"][()]])
            found[name] = table[:, np.lexsort(table[::-1])]
    return found


def main() -> None:
    """Runs both, and writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("bmtk")
    parser.add_argument("config", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        mine, other = Path(folder, "ours"), Path(folder, "theirs")
        for place in (mine, other):
            place.mkdir()
        config = json.loads(given.config.read_text())
        config["output"]["output_dir"] = str(other / "output")
        copy = given.config.with_name("bmtk-" + given.config.name)
        copy.write_text(json.dumps(config))
        command = [given.program, "simulate", str(given.config), "-q", "-o", str(mine / "output")]
        command += ["--set", "output.overwrite_output_dir=true"]
        for _ in range(given.rounds):
            ours.append(measured(command, mine))
            theirs.append(measured([given.bmtk, str(HERE / "bmtk_run.py"), str(copy)], other))
        copy.unlink()
        name = config["output"]["spikes_file"]
        a, b = spikes(mine / "output" / name), spikes(other / "output" / name)
    equal = a.keys() == b.keys() and all(np.array_equal(a[one], b[one]) for one in a)
    number = sum(table.shape[1] for table in b.values())
    rows = []
    for what, unit, key, goal in (
        ("whole command, processor time", "s", "cpu", 0.05),
        ("whole command, largest memory", "MB", "mb", None),
    ):
        rows.append(
            {
                "name": f"{given.config.parent.name}: {what}",
                "unit": unit,
                "values": [one[key] for one in ours],
                "baseline": [one[key] for one in theirs],
                "times_at_most": goal,
                "at_most": None,
            }
        )
    given.out.write_text(json.dumps({"rows": rows, "spikes": number, "equal": equal}, indent=1))
    if not equal:
        sys.exit(f"the spikes differ: {given.config}")


if __name__ == "__main__":
    main()
