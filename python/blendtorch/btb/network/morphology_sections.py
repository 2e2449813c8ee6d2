"""Which compartment of a report a point of a morphology shows.

Owns the rule: of the compartments of the point's own branch the nearest along it; and which branch
is which section. It must never know Blender, nor a report's file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Compartments:
    """The columns of a report, as SONATA's `mapping` has them."""

    cells: "NDArray[Any]"
    """(k,): the index of the column's cell."""
    sections: "NDArray[Any]"
    """(k,): the cell's section, `element_ids`; which branch that is, `branches_of` says."""
    positions: "NDArray[Any]"
    """(k,): how far along it, 0 to 1: `element_pos`."""


def nearest(
    compartments: Compartments,
    indices: "NDArray[Any]",
    shape_of: "NDArray[Any]",
    shapes: Sequence[tuple[str, Any]],
) -> "list[NDArray[np.int64]]":
    """For each cell, the column of each point of its morphology; -1 where the cell has no
    compartment on the point's branch. Columns of sections that there are not are not shown.

    Args:
        compartments: the columns.
        indices: what they call the cells.
        shape_of: the place of each one's morphology in `shapes`.
        shapes: morphologies, with their names.

    Raises:
        ValueError: the columns' arrays do not fit each other, or no cell has a column.
    """
    cells = np.asarray(compartments.cells, np.int64).reshape(-1)
    sections = np.asarray(compartments.sections, np.int64).reshape(-1)
    at = np.asarray(compartments.positions, float).reshape(-1)
    if not len(cells) == len(sections) == len(at):
        raise ValueError(
            f"of compartments there are {len(cells)} cells, {len(sections)} sections and {len(at)} "
            "positions"
        )
    order = np.lexsort((at, sections, cells))
    cells, sections, at = cells[order], sections[order], at[order]
    of_shape = [along(shape) for _, shape in shapes]
    section_of = [np.argsort(branches_of(shape)) for _, shape in shapes]
    made = []
    for index, number in zip(indices, shape_of, strict=True):
        low, high = np.searchsorted(cells, [index, index + 1])
        branch, share = of_shape[number]
        found = _nearest(sections[low:high], at[low:high], section_of[number][branch], share)
        columns = np.full(len(found), -1)
        columns[found >= 0] = order[low:high][found[found >= 0]]
        made.append(columns)
    if not any((one >= 0).any() for one in made):
        raise ValueError("no cell that is drawn has a compartment in the report")
    return made


SECTIONS = ("soma", "axon", "dendrites", "apical_dendrites")
"""The labels of branches in the order of their sections; others come after them."""


def branches_of(shape: Any) -> "NDArray[np.int64]":
    """The branch of each section: those of the soma first, then the axon's, the dendrites', the
    apical dendrites', each in the morphology's order.

    So NEURON numbers the sections of an SWC file whose soma is one point (9.0.2, Import3d: the same
    for 224 of 225 sections of three cells; the other is a soma, which has no end to be known by),
    and what BMTK writes as `element_ids` are its numbers. Of models whose axon BMTK replaces the
    sections are others.
    """
    kind = np.full(len(shape.branches), len(SECTIONS))
    for number, label in enumerate(SECTIONS):
        if label in getattr(shape, "labels", ()):
            own = np.asarray(shape.labelled(label), bool)
            kind[[own[stop - 1] for _, stop, *_ in shape.branches]] = number
    return np.argsort(kind, kind="stable")


def along(shape: Any) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
    """For each point of a morphology its branch, and how far along it that is, 0 to 1."""
    xyz = np.asarray(shape.points, float)
    branch, share = np.full(len(xyz), -1), np.full(len(xyz), 0.5)
    for number, (start, stop, *_) in enumerate(shape.branches):
        branch[start:stop] = number
        steps = np.linalg.norm(np.diff(xyz[start:stop], axis=0), axis=1)
        if steps.sum() > 0:
            share[start:stop] = np.concatenate([[0], steps.cumsum()]) / steps.sum()
    return branch, share


def _nearest(sections: Any, at: Any, section: Any, share: Any) -> "NDArray[np.int64]":
    """The nearest of columns, ascending by section and position, for each point; or -1."""
    if not len(sections):
        return np.full(len(section), -1)
    # A section is 4 long, its columns are within 0 to 1 of it: neighbours in it are nearer.
    line, wanted = 4.0 * sections + np.clip(at, 0, 1), 4.0 * section + share
    after = np.clip(np.searchsorted(line, wanted), 0, len(line) - 1)
    before = np.maximum(after - 1, 0)
    found = np.where(abs(line[before] - wanted) <= abs(line[after] - wanted), before, after)
    return np.where(sections[found] == section, found, -1)
