"""Runs networks that the `neurons` benchmark wrote in NEST, and compares what ours gave.

    nest_loop.py FOLDER [--only NAME,…] [--ms MS] [--threads N]

FOLDER has NAME.network and NAME.seen (benches/src/neurons/file.rs says how) and neurons.json, and
gets nest.json: of each network the processor time of NEST's own Simulate and the ratio of ours,
spikes that are missing or too many, and the largest difference of each recorded variable. Exit code
1: they differ.
"""

import argparse
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import nest
import numpy as np


def arrays(path: Path, kinds: dict[str, tuple[str, str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A header, and the arrays behind it: of each its type and the header's name of its length."""
    data = path.read_bytes()
    size = int(np.frombuffer(data, "<u8", 1)[0])
    header = json.loads(data[8 : 8 + size])
    at, found = 8 + size, {}
    for name, (kind, length) in kinds.items():
        found[name] = np.frombuffer(data, kind, header[length], at)
        at += found[name].nbytes
    found["rest"] = np.frombuffer(data[at:], "<f8")
    return header, found


NETWORK = {
    "source": ("<u4", "edges"),
    "target": ("<u4", "edges"),
    "weight": ("<f8", "edges"),
    "delay": ("<f8", "edges"),
    "receptor": ("<u4", "edges"),
    "sender": ("<u4", "spikes"),
    "time": ("<f8", "spikes"),
}
SEEN = {"step": ("<u8", "spikes"), "cell": ("<u4", "spikes")}


def build(header: dict[str, Any], net: dict[str, Any], threads: int) -> Any:
    """The network, and a recorder of its spikes. Ids in NEST are ours and one more."""
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.SetKernelStatus({"resolution": header["dt"], "local_num_threads": threads})
    numbers = (header["excitatory"], header["cells"] - header["excitatory"])
    for number, parameters in zip(numbers, header["parameters"], strict=True):
        nest.Create(header["model"], number, params=parameters)
    first = header["cells"]
    order = np.argsort(net["sender"], kind="stable")
    bounds = np.searchsorted(net["sender"][order], first + np.arange(header["sources"] + 1))
    trains = [net["time"][order][a:b].tolist() for a, b in pairwise(bounds)]
    trains = [{"spike_times": times, "precise_times": True} for times in trains]
    nest.Create("spike_generator", header["sources"], params=trains)
    nest.Connect(
        net["source"].astype(int) + 1,
        net["target"].astype(int) + 1,
        "one_to_one",
        {
            "weight": net["weight"],
            "delay": net["delay"],
            "receptor_type": net["receptor"].astype(int),
        },
    )
    recorder = nest.Create("spike_recorder")
    nest.Connect(nest.NodeCollection(range(1, first + 1)), recorder)
    return recorder


def spikes(recorder: Any, dt: float) -> set[tuple[int, int]]:
    events = recorder.get("events")
    steps = np.rint(events["times"] / dt).astype(int)
    return set(zip(steps.tolist(), (events["senders"] - 1).tolist(), strict=True))


def compare(folder: Path, name: str, header: Any, net: Any, threads: int) -> dict[str, Any]:
    """What ours saw beside what NEST's recorder and multimeter did."""
    ours, seen = arrays(folder / f"{name}.seen", SEEN)
    recorder = build(header, net, threads)
    meter = nest.Create(
        "multimeter", params={"interval": header["dt"], "record_from": ours["variables"]}
    )
    nest.Connect(meter, nest.NodeCollection([cell + 1 for cell in ours["cells"]]))
    # The rows of the last slice of NEST come only with the next one.
    nest.Simulate(ours["rows"] * header["dt"] + 10.0)
    theirs = {spike for spike in spikes(recorder, header["dt"]) if spike[0] <= ours["rows"]}
    mine = set(zip(seen["step"].tolist(), seen["cell"].tolist(), strict=True))
    events = meter.get("events")
    steps = np.rint(events["times"] / header["dt"]).astype(int)
    known = steps <= ours["rows"]
    column = {cell: at for at, cell in enumerate(ours["cells"])}
    columns = np.array([column[sender - 1] for sender in events["senders"][known]])
    rows = seen["rest"].reshape(ours["rows"], len(ours["variables"]), len(ours["cells"]))
    apart = {
        variable: float(np.abs(rows[steps[known] - 1, at, columns] - events[variable][known]).max())
        for at, variable in enumerate(ours["variables"])
    }
    return {
        "compared": len(theirs),
        "missing": len(theirs - mine),
        "extra": len(mine - theirs),
        "values": int(known.sum()) * len(apart),
        "apart": apart,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--ms", type=float, help="of the measured run; else as ours")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    figures = json.loads((options.folder / "neurons.json").read_text())
    found, differ = {}, False
    for name, ours in figures["networks"].items():
        if options.only and name not in options.only.split(","):
            continue
        header, net = arrays(options.folder / f"{name}.network", NETWORK)
        one = compare(options.folder, name, header, net, options.threads)
        recorder = build(header, net, options.threads)
        ms = options.ms or figures["ms"]
        nest.Prepare()
        began = time.process_time()
        nest.Run(ms)
        one["processor"] = time.process_time() - began
        nest.Cleanup()
        one["spikes"] = int(recorder.n_events)
        if ms == figures["ms"]:
            one["ratio"] = ours["1 thread"]["processor"][0] / one["processor"]
        found[name] = one
        differ |= bool(one["missing"] or one["extra"] or max(one["apart"].values()) > 1e-9)
        print(name, json.dumps(one), flush=True)
    (options.folder / "nest.json").write_text(json.dumps(found, indent=2) + "\n")
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
