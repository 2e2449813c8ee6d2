"""Draws chaos.json as chaos.png: items a second over time, and what was done to whom.

chaos.py FOLDER
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

# A name, a colour and a mark for each kind of fault.
KINDS = {
    "kill": ("kill -9", "#c44e52", "v"),
    "pause": ("SIGSTOP for 3 s", "#8172b2", "s"),
    "hang": ("hang", "#dd8452", "D"),
}
RATE = "#4c72b0"
STALL = "#f2c14e"
# Instances have a line each, above the rate.
ABOVE = 1.08
LINE = 0.085

Course = dict[str, Any]


def draw(axes: Axes, course: Course, title: str) -> None:
    """The rate as steps; above it a line an instance, with its faults and how long it was away."""
    rates, width = course["rates"], course["bin"]
    edges = [place * width for place in range(len(rates) + 1)]
    axes.stairs(rates, edges, fill=True, color=RATE, alpha=0.35)
    axes.stairs(rates, edges, color=RATE, linewidth=0.8)
    for at, lasted in course["gaps"]:
        axes.axvspan(at, at + lasted, color=STALL, zorder=0)
    top = max(rates, default=1.0)
    instances = sorted({fault["instance"] for fault in course["faults"]})
    places = {}
    for line, instance in enumerate(instances):
        places[instance] = top * (ABOVE + LINE * line)
        axes.axhline(places[instance], color="#dddddd", linewidth=0.8, zorder=0)
    for fault in course["faults"]:
        _, colour, mark = KINDS[fault["kind"]]
        y = places[fault["instance"]]
        away = away_for(fault, course)
        axes.plot([fault["at"], fault["at"] + away], [y, y], color=colour, linewidth=2.5)
        axes.plot(fault["at"], y, mark, color=colour, markersize=5)
    ticks = [tick for tick in axes.get_yticks() if 0 <= tick <= top]
    axes.set_yticks(
        [*ticks, *places.values()],
        [*(f"{tick:g}" for tick in ticks), *(f"instance {instance}" for instance in places)],
        fontsize=8,
    )
    axes.set_ylim(0, top * (ABOVE + LINE * max(len(instances), 1)))
    axes.set_xlim(0, course["seconds"])
    axes.set_xlabel("seconds since the first item")
    axes.set_ylabel(f"items/s, in {width:g} s bins")
    axes.set_title(title, fontsize=10)


def away_for(fault: dict[str, Any], course: Course) -> float:
    """Seconds from a fault to the next first item; without one, to the next fault or the end."""
    if fault["kind"] == "pause":
        return 3.0
    times = [fault[key] for key in ("exited", "respawned", "first_item")]
    if None not in times:
        return float(sum(times))
    its = [other["at"] for other in course["faults"] if other["instance"] == fault["instance"]]
    later = [at for at in its if at > fault["at"]]
    return float(min([*later, course["seconds"]]) - fault["at"])


def said(course: Course, who: str) -> str:
    """One line about a course."""
    kills = sum(fault["kind"] == "kill" for fault in course["faults"])
    return (
        f"{who}: {course['items']:,} items in {course['seconds']:.0f} s, {kills} kills; "
        f"longest gap between two items {course['longest_gap']:.2f} s"
    )


def legend(axes: Axes) -> None:
    """What the marks mean."""
    marks = [
        Line2D([], [], color=colour, marker=mark, markersize=5, linewidth=2.5, label=name)
        for name, colour, mark in KINDS.values()
    ]
    axes.legend(
        handles=[
            Patch(color=RATE, alpha=0.35, label="items/s"),
            *marks,
            Patch(color=STALL, label="no item for more than 1 s"),
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=5,
        fontsize=8,
        frameon=False,
    )


def main() -> None:
    """Draws what the file has."""
    folder = Path(sys.argv[1])
    report = json.loads((folder / "chaos.json").read_text())
    producers, account = report["producers"], report["account"]
    courses = [
        (
            producers,
            said(producers, "4 producers of 1.2 MB images")
            + f"\n{account['published']:,} published, {account['in_flight']:,} lost in flight "
            f"(counted {account['missing']:,}), {account['duplicated']} twice, "
            f"{account['corrupt']} corrupt",
        )
    ]
    if report["blenders"]:
        courses.append((report["blenders"], said(report["blenders"], "3 Blenders of a cube")))
    figure, grid = plt.subplots(
        len(courses), 1, figsize=(14, 4.6 * len(courses)), squeeze=False, layout="constrained"
    )
    for axes, (course, title) in zip(grid.flat, courses, strict=True):
        draw(axes, course, title)
    legend(grid.flat[0])
    machine = report["machine"]
    day = datetime.fromtimestamp(report["time"], UTC).date()
    figure.suptitle(
        f"Instances that are killed, and come back: {day}, {machine['cores']} cores, "
        f"{machine['cpu']}, load {machine['load']:.1f} before it began; "
        "a bar lasts from the fault to the next life's first item",
        fontsize=10,
    )
    figure.savefig(folder / "chaos.png", dpi=110)


if __name__ == "__main__":
    main()
