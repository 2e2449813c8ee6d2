"""Writes down what `scripts/peers.sh` measured, as a section of docs/peers.md.

    record.py OUT RECORD [--note TEXT]

A part that was not measured has no table. Nothing of what is there already is changed.
"""

import argparse
import json
import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

MARK = "the latest comes first. -->\n"
DASH = "\u2013"

# The rows of bench.json that are kept, by their names and units, and beside whom they are.
STREAMED = re.compile(
    r"1\.2 MB \xd7(?P<producers>[14]): blendtorch (?P<way>shm|in place|tcp|ipc)"
    r"(?: \(beside (?P<peer>libzmq \w+) .*\))?(?:, one outstanding)?"
)
WAYS = {"shm": "arrays", "in place": "drafts", "tcp": "tcp", "ipc": "ipc"}
HEAD = ["1.2 MB images", "ours", "beside", "theirs", "ours / theirs"]
PRODUCERS = {1: "1 producer", 4: "4 producers"}
PEERS = {"original": "the original's way", "libzmq": "libzmq tcp"}
OURS = "blendtorch"
# Of a frame in a Blender.
STAGES = {"cpu": "CPU", "render": "render", "read_back": "read back", "publish": "publish"}
# What is to be reached of an animation: the ratio or the value.
GOALS = {"times_at_most": "\xd7", "at_most": " UNIT"}
QUANTITIES = {"GB/s": "throughput", "CPU s/GB": "processor time", "ms p50": "latency, median"}


def short(value: float) -> str:
    """Three digits that count."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"


def spread(values: Iterable[float]) -> str:
    """The median, the lowest and the highest."""
    values = list(values)
    return f"{short(median(values))} [{short(min(values))}{DASH}{short(max(values))}]"


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Markdown's."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def about(out: Path, note: str) -> str:
    """When, on what, and with which versions."""
    began = json.loads((out / "began.json").read_text())
    cores = os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    machine = f"{cores} cores ({platform.machine()}), {pages:.0f} GB, {platform.system()}"
    load = f"load before it began: {began['load']:.1f}"
    import zmq

    packages = [f"{name} {version(name)}" for name in ("blendtorch", "torch", "pyzmq", "numpy")]
    packages.append(f"libzmq {zmq.zmq_version()}")
    packages.append(f"Python {platform.python_version()}")
    lines = [f"## {began['began']} UTC", "", f"{machine}; {load}. {note}".strip()]
    return "\n".join([*lines, "", f"Versions: {', '.join(packages)}."])


def in_python(out: Path) -> str | None:
    """Images into batches, from Python to Python."""
    path = out / "streams.json"
    if not path.exists():
        return None
    cases = json.loads(path.read_text())
    of = {(case["way"], case["producers"]): case["rounds"] for case in cases}
    rows = []
    for quantity, unit in (("gb_per_s", "GB/s"), ("cpu_per_gb", "CPU s/GB")):
        for way, producers in of:
            if way == OURS:
                continue
            ours, theirs = ([one[quantity] for one in of[name, producers]] for name in (OURS, way))
            ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
            what = f"{QUANTITIES[unit]}, {PRODUCERS[producers]}"
            beside = PEERS[way]
            rows.append(
                [what, f"{spread(ours)} {unit}", beside, f"{spread(theirs)} {unit}", spread(ratios)]
            )
    said = f"{len(cases[0]['rounds'])} rounds, both ends in Python; arrays."
    return f"### Streaming, Python\n\n{said}\n\n" + table(HEAD, rows)


def by_bench(out: Path) -> str | None:
    """Images into batches, by the bench program."""
    folder = out / "stream"
    if not (folder / "bench.json").exists():
        return None
    rows = []
    for row in json.loads((folder / "bench.json").read_text()):
        found = STREAMED.fullmatch(row["name"])
        if found is None or row["unit"] not in QUANTITIES:
            continue
        unit = row["unit"].removesuffix(" p50")
        values, ratios = (
            f"{short(row[value])} [{DASH.join(map(short, row[ends]))}]"
            for value, ends in (("value", "spread"), ("ratio", "ratio_spread"))
        )
        producers = PRODUCERS[int(found["producers"])]
        what = f"{QUANTITIES[row['unit']]}, {WAYS[found['way']]}, {producers}"
        beside = found["peer"] or PEERS["original"]
        rows.append([what, f"{values} {unit}", beside, f"{short(row['baseline'])} {unit}", ratios])
    rounds = json.loads((folder / "machine.json").read_text())["rounds"]
    said = f"{rounds} rounds, by the bench program: both our ends in Rust."
    return f"### Streaming, Rust\n\n{said}\n\n" + table(HEAD, rows)


def blenders(out: Path) -> str | None:
    """What each Blender renders."""
    path = out / "blenders.json"
    if not path.exists():
        return None
    measured = json.loads(path.read_text())
    there, cases = measured["blenders"], measured["cases"]
    first = next(iter(there))

    def of(engine: str, blender: str) -> list[dict[str, float]]:
        rounds: list[dict[str, float]] = next(
            case["rounds"]
            for case in cases
            if (case["engine"], case["blender"]) == (engine, blender)
        )
        return rounds

    rows = []
    for case in cases:
        rounds, name = case["rounds"], case["blender"]
        beside = of(case["engine"], first)
        ratios = [a["published"] / b["published"] for a, b in zip(rounds, beside, strict=True)]
        rows.append(
            [
                case["engine"].capitalize() if case["engine"] != "EEVEE" else "EEVEE",
                f"{there[name]['blender']} ({name})",
                spread(one["published"] for one in rounds),
                "1" if name == first else spread(ratios),
                *(short(median(one[f"{stage}_ms"] for one in rounds)) for stage in STAGES),
                spread(one["published"] / one["rendered"] for one in rounds),
            ]
        )
    head = [
        "engine",
        "Blender",
        "images/s",
        f"/ {first}",
        *(f"{stage} ms" for stage in STAGES.values()),
        "kept",
    ]
    drawn = sorted({one["renderer"].split(" (")[0] for one in there.values()})
    count = len(cases[0]["rounds"])
    said = f"### Blenders\n\n{count} rounds; drawn by {', '.join(drawn)}.\n\n"
    return said + table(head, rows)


def beside(path: Path) -> list[list[str]]:
    """Rows of what was measured beside a peer, with what is to be reached."""
    rows = []
    for row in json.loads(path.read_text()):
        unit, values, baseline = row["unit"], row["values"], row["baseline"]
        ratios = [a / b for a, b in zip(values, baseline, strict=True)]
        goal = next(
            (f"\u2264 {row[key]:g}{after}" for key, after in GOALS.items() if row[key] is not None),
            "",
        ).replace("UNIT", unit)
        beside = f"{spread(baseline)} {unit}", spread(ratios)
        alone = ("", "") if values == baseline else beside
        rows.append([row["name"], f"{spread(values)} {unit}", *alone, goal])
    return rows


def rendered(out: Path) -> str | None:
    """Animations to disk, and what VisionSim reads of ours."""
    path = out / "render.rows.json"
    if not path.exists():
        return None
    rows = beside(path)
    cases = json.loads((out / "render.json").read_text())["cases"]
    loads = [one["load"] for rounds in cases.values() for one in rounds]
    said = f"rounds: {len(next(iter(cases.values())))}; load meanwhile {spread(loads)}."
    head = ["320\xd7240, Cycles 2 samples", "", "beside", "ratio", "goal"]
    parts = [f"### Animations\n\n{said}\n\n" + table(head, rows)]
    read = out / "render-read.txt"
    if read.exists():
        lines = "\n".join(f"- {line}" for line in read.read_text().splitlines())
        parts.append(f"Read by VisionSim, of `--layout a2`:\n\n{lines}")
    return "\n\n".join(parts)


def neurons(out: Path) -> str | None:
    """Networks of neurons, built, read and simulated."""
    path = out / "neurons.rows.json"
    if not path.exists():
        return None
    spikes = json.loads((out / "whole.json").read_text())["spikes"]
    compared = json.loads((out / "neurons" / "nest.json").read_text())
    apart = max(value for one in compared.values() for value in one["apart"].values())
    wrong = sum(one["missing"] + one["extra"] for one in compared.values())
    said = (
        f"Spikes that differ from NEST's: {wrong} of "
        f"{sum(one['compared'] for one in compared.values())} of all models, and none of the "
        f"{spikes} of the whole command; values of a multimeter differ by {apart:.1e} at most."
    )
    head = ["processor time, where nothing else is said", "", "beside", "ratio", "goal"]
    return f"### Networks of neurons\n\n{said}\n\n" + table(head, beside(path))


def networks(out: Path) -> str | None:
    """Networks as scenes, and Cleo's videos."""
    path = out / "networks.rows.json"
    if not path.exists():
        return None
    head = ["processor time, where nothing else is said", "", "beside", "ratio", "goal"]
    return "### Networks as scenes\n\n" + table(head, beside(path))


def tests(out: Path) -> str | None:
    """How our tests did elsewhere."""
    rows = []
    for path in sorted(out.glob("tests-*.xml")):
        suites = ElementTree.parse(path).getroot().iter("testsuite")
        counts: dict[str, Any] = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        seconds, failed = 0.0, []
        for suite in suites:
            seconds += float(suite.get("time", 0))
            for name in counts:
                counts[name] += int(suite.get(name, 0))
            for case in suite.iter("testcase"):
                if case.find("failure") is not None or case.find("error") is not None:
                    failed.append(f"`{case.get('name')}`")
        passed = counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
        said = [str(passed), str(counts["skipped"]), ", ".join(failed) or "0", f"{seconds:.0f} s"]
        rows.append([path.stem.removeprefix("tests-"), *said])
    if not rows:
        return None
    return "### Tests\n\n" + table(["Blender", "passed", "skipped", "failed", "time"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="where it was measured")
    parser.add_argument("record", type=Path)
    parser.add_argument("--note", default="", help="said with the figures")
    opts = parser.parse_args()
    every = (in_python, by_bench, blenders, rendered, neurons, networks, tests)
    parts = [part(opts.out) for part in every]
    section = "\n\n".join([about(opts.out, opts.note), *filter(None, parts)])
    before, mark, after = opts.record.read_text().partition(MARK)
    assert mark, f"{opts.record} has no line that ends with {MARK!r}"
    opts.record.write_text(f"{before}{mark}\n{section}\n{after}")


if __name__ == "__main__":
    main()
