"""What `fleet.py` measured, as rows: a value a round, those of the baseline, and what is to be
reached, as src/fleet.rs reads them and `scripts/peers/record.py` writes them down.
"""

from typing import TypedDict

# Bytes of a 1920x1080 frame with all passes: floats a pixel of combined, depth, normal, vector, of
# three ids, diffuse, specular, position, emission, and of Cryptomatte for objects and materials in
# three layers of four each; three bytes of the picture as it is shown.
FRAME = 1920 * 1080 * (4 * (4 + 1 + 3 + 4 + 3 + 9 + 9 + 3 + 3 + 2 * 3 * 4) + 3)
Rounds = dict[str, list[dict[str, float]]]


class Row(TypedDict):
    """One line of a table."""

    name: str
    unit: str
    values: list[float]
    baseline: list[float]
    times_at_most: float | None
    at_most: float | None


def rows(found: Rounds, resumed: list[float]) -> list[Row]:
    """Those of the cases that were measured."""
    made: list[Row] = []

    def row(
        name: str,
        unit: str,
        ours: str,
        theirs: str,
        of: str,
        *,
        times_at_most: float | None = None,
        at_most: float | None = None,
    ) -> None:
        if ours not in found or theirs not in found:
            return
        values, baseline = ([one[of] for one in found[case]] for case in (ours, theirs))
        made.append(
            {
                "name": name,
                "unit": unit,
                "values": values,
                "baseline": baseline,
                "times_at_most": times_at_most,
                "at_most": at_most,
            }
        )

    for jobs in (1, 2):
        bare = f"bare, {jobs} jobs"
        ours, theirs = f"blendtorch, {jobs} jobs", f"visionsim, {jobs} jobs"
        what = f"processor time of a frame, {jobs} job{'s' * (jobs > 1)}"
        row(f"{what}: blendtorch (a bare loop)", "s", ours, bare, "cpu", times_at_most=1.15)
        row(f"{what}: blendtorch (VisionSim)", "s", ours, theirs, "cpu", times_at_most=0.5)
        row(f"{what}: VisionSim (a bare loop)", "s", theirs, bare, "cpu")
    ours, theirs = "blendtorch, 2 jobs", "visionsim, 2 jobs"
    what = "an animation, 2 jobs: blendtorch (VisionSim)"
    row(what, "s", ours, theirs, "wall", times_at_most=0.5)
    what = "spawn to first frame, 2 jobs: blendtorch (VisionSim)"
    row(what, "s", ours, theirs, "first", times_at_most=0.5)
    what = "processor time of the head in its wall time, 2 jobs: "
    if theirs in found:
        row(f"{what}blendtorch (VisionSim)", "%", ours, theirs, "head_percent", at_most=1)
    else:
        row(f"{what}blendtorch", "%", ours, ours, "head_percent", at_most=1)
    if ours not in found:
        row(f"{what}VisionSim", "%", theirs, theirs, "head_percent")
    beyond = memory(found)
    if beyond:
        made.append(
            {
                "name": "memory of an instance beyond a bare loop's, all passes, 1080p (a frame)",
                "unit": "MB",
                "values": [one / 1e6 for one in beyond],
                "baseline": [FRAME / 1e6] * len(beyond),
                "times_at_most": 3,
                "at_most": None,
            }
        )
    if resumed:
        made.append(
            {
                "name": "10,000 finished frames until the missing one is given out",
                "unit": "s",
                "values": resumed,
                "baseline": resumed,
                "times_at_most": None,
                "at_most": 1.0,
            }
        )
    return made


def memory(found: Rounds) -> list[float]:
    """Bytes that one of our Blenders had beyond a bare one, at most, a round each."""
    ours, bare = (found.get(f"{way}, 1080p", []) for way in ("blendtorch", "bare"))
    return [a["peak"] - b["peak"] for a, b in zip(ours, bare, strict=True)]
