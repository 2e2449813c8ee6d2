"""The compartments of a SONATA report (`membrane_report`), as branches of cells show them.

Owns which column is whose. Which row a frame shows, and what is read of the file, `circuit.Traces`
knows.
"""

from typing import TYPE_CHECKING

import numpy as np

from .morphology_sections import Compartments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ... import circuit


def compartments_of(
    traces: "circuit.Traces", cells: "Iterable[int] | None" = None
) -> Compartments | None:
    """The compartments of cells, by their indices (by default of all), or None where no cell has
    more than one: then values are of cells.

        traces = circuit.Traces("v.h5", "cortex", timeline, cells=population.ids)
        morphologies.draw(scene, root, network, "cortex", bar=..., values=traces.row,
                          compartments=compartments_of(traces))
    """
    index = np.full(traces.n_columns, -1)
    sections, places = np.zeros(traces.n_columns, np.int64), np.full(traces.n_columns, 0.5)
    several = False
    for cell in range(traces.n_cells) if cells is None else cells:
        found = traces.compartments(int(cell))
        if found is None:
            continue
        several |= len(found.elements) > 1
        index[found.columns] = cell
        sections[found.columns] = found.elements.astype(np.int64)
        if found.places is not None:
            places[found.columns] = found.places
    return Compartments(index, sections, places) if several else None
