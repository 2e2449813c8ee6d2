"""A row of what `networks.py` measured: as those of `fleet.py`."""

from fleet_rows import Row


def row(
    name: str,
    unit: str,
    ours: list[float],
    theirs: list[float] | None = None,
    *,
    times_at_most: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A value a round, those that it is beside if there are any, and what is to be reached."""
    return {
        "name": name,
        "unit": unit,
        "values": ours,
        "baseline": ours if theirs is None else theirs,
        "times_at_most": times_at_most,
        "at_most": at_most,
    }
