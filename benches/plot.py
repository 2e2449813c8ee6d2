"""Draws bench.json as bench.png: throughput by size of image, processor time and latency of 1.2 MB.

    plot.py FOLDER

Bars are medians; lines on them reach from the lowest to the highest of the rounds.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

# As src/stream/case.rs names rows.
NAME = re.compile(r"(?P<size>[\d.]+ [KM]B)(?: \u00d7(?P<producers>\d))?: (?P<way>.*)")
TIMES = "\u00d7"
LATENCY = ", one outstanding"
# Original's way, others, ours.
COLOURS = {"pyzmq": "#c44e52", "blendtorch": "#4c72b0"}
OTHERS = "#9a9a9a"
SHADES = {"1": 1.0, "2": 0.7, "4": 0.45}

Row = dict[str, Any]


def rows_of(rows: list[Row], unit: str, size: str) -> list[Row]:
    """Those of streaming, with what their names say."""
    found = []
    for row in rows:
        match = NAME.fullmatch(row["name"])
        if match and row["unit"] == unit and match["size"] == size and "(beside" not in row["name"]:
            way = match["way"].removesuffix(LATENCY)
            found.append({**row, "way": way, "producers": match["producers"] or "1"})
    return found


def colour(way: str) -> str:
    """By whose way it is."""
    return next((colour for name, colour in COLOURS.items() if way.startswith(name)), OTHERS)


def bars(axes: Axes, rows: list[Row], title: str, label: str, *, log: bool = False) -> None:
    """One group a way, one bar a number of producers."""
    ways = list(dict.fromkeys(row["way"] for row in rows))
    for place, way in enumerate(ways):
        group = [row for row in rows if row["way"] == way]
        height = 0.8 / len(group)
        for index, row in enumerate(group):
            y = place - 0.4 + height * (index + 0.5)
            low, high = row["spread"]
            value = row["value"]
            axes.barh(
                y,
                value,
                height,
                xerr=[[value - low], [high - value]],
                color=colour(way),
                alpha=SHADES[row["producers"]],
                error_kw={"elinewidth": 1, "ecolor": "black", "capsize": 1.5},
            )
            text = f"  {value:.3g}" + (f"  {TIMES}{row['producers']}" if len(group) > 1 else "")
            axes.text(high, y, text, va="center", fontsize=7)
    axes.set_yticks(range(len(ways)), ways, fontsize=8)
    axes.invert_yaxis()
    if log:
        axes.set_xscale("log")
    axes.margins(x=0.18)
    axes.set_xlabel(label)
    axes.set_title(title, fontsize=10)
    axes.grid(axis="x", alpha=0.3, which="both" if not log else "major")
    axes.set_axisbelow(True)


def panels(rows: list[Row]) -> list[tuple[list[Row], str, str, bool]]:
    """What there is to draw: rows, a title, an axis, whether it is logarithmic."""
    drawn = [
        (
            rows_of(rows, "GB/s", size),
            f"Throughput into batches of 8, {size} images",
            "GB/s (logarithmic)" if size == "4 KB" else "GB/s",
            size == "4 KB",
        )
        for size in ("4 KB", "1.2 MB", "8.3 MB")
    ]
    cpu = [row for row in rows_of(rows, "CPU s/GB", "1.2 MB") if "without" not in row["way"]]
    drawn.append((cpu, "Processor time, both sides, 1.2 MB images", "CPU s/GB", False))
    for part in ("p50", "p99"):
        times = rows_of(rows, f"ms {part}", "1.2 MB")
        drawn.append((times, f"Latency {part}, one 1.2 MB image outstanding", "ms", False))
    return [panel for panel in drawn if panel[0]]


def main() -> None:
    """Draws what the file has; a run without streaming has nothing to draw."""
    folder = Path(sys.argv[1])
    drawn = panels(json.loads((folder / "bench.json").read_text()))
    if not drawn:
        sys.exit("nothing of streaming was measured")
    # A line of panels is as high as its ways need.
    ways = [len({row["way"] for row in rows}) for rows, *_ in drawn]
    heights = [1 + max(ways[line : line + 2]) / 2.6 for line in range(0, len(ways), 2)]
    figure, grid = plt.subplots(
        len(heights),
        2,
        figsize=(15, sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for axes, (rows, title, label, log) in zip(grid.flat, drawn, strict=False):
        bars(axes, rows, title, label, log=log)
    for axes in grid.flat[len(drawn) :]:
        axes.set_visible(False)
    about = json.loads((folder / "machine.json").read_text())
    figure.suptitle(
        f"{about['cores']} cores, {about['cpu']}, Linux {about['kernel']}; "
        f"rounds: {about['rounds']}, median, lines from lowest to highest; {TIMES}n: n producers",
        fontsize=11,
    )
    figure.savefig(folder / "bench.png", dpi=110)


if __name__ == "__main__":
    main()
