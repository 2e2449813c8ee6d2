"""Networks and results as the BSB writes them, of as many cells as a bench asks for.

Two layouts, by what is known of both: that of version 3 (one dataset a kind of cells, ids in runs,
y upwards) with results in one dataset a device, and that of versions 4 to 8 (a group a chunk of 100
micrometres, z upwards). They stand for files of the BSB where it is not installed; what it writes
itself, `scripts/peers/networks/bsb_network.py` builds. Numbers are random, and the same each time.
"""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

CHUNK = 100.0
# (name, its share of the cells, micrometres, colour)
KINDS = (
    ("granule_cell", 0.84, 2.5, "#E62214"),
    ("golgi_cell", 0.06, 8.0, "#332EBC"),
    ("stellate_cell", 0.10, 4.0, "#F5D800"),
)
Floats = np.ndarray[Any, np.dtype[np.float64]]


def shares(cells: int) -> list[int]:
    """How many of each kind, together `cells`."""
    numbers = [int(cells * share) for _, share, _, _ in KINDS]
    numbers[0] += cells - sum(numbers)
    return numbers


def places(number: int, side: float, seed: int) -> Floats:
    """In a slab that is as thick as a chunk and a half."""
    return np.random.default_rng(seed).uniform(0, (side, side, 1.5 * CHUNK), (number, 3))


def side(cells: int) -> float:
    """Of a slab with a cell in 30 x 30 x 30 micrometres, or less."""
    return max(200.0, float(np.sqrt(cells * 27_000 / (1.5 * CHUNK))))


def old_configuration() -> str:
    """What both files of version 3 carry."""
    kinds = {
        name: {
            "placement": {"class": "bsb.placement.ParticlePlacement", "soma_radius": radius},
            "plotting": {"display_name": name.replace("_", " "), "color": color, "opacity": 1.0},
        }
        for name, _, radius, color in KINDS
    }
    return json.dumps({"cell_types": kinds})


def old_network(path: Path, cells: int) -> None:
    """As version 3 does."""
    first = 0
    with h5py.File(path, "w") as file:
        file.attrs["version"] = "3.10.5"
        file.attrs["configuration_name"] = "bench"
        file.attrs["configuration_type"] = "json"
        file.attrs["configuration_class"] = "bsb.config.JSONConfig"
        file.attrs["configuration_string"] = old_configuration()
        placed = file.create_group("cells/placement")
        counts = file.create_group("statistics/cells_placed").attrs
        for (name, *_), number in zip(KINDS, shares(cells), strict=True):
            group = placed.create_group(name)
            group["identifiers"] = np.array([first, number], np.int32)
            # Up is y.
            group["positions"] = places(number, side(cells), first + 1)[:, [0, 2, 1]]
            counts[name] = number
            first += number


def old_results(path: Path, cells: int, spikes: int, ms: float) -> None:
    """As version 3 with NEST does: a dataset of a device, with ids and times."""
    rng = np.random.default_rng(2)
    table = np.empty((spikes, 2))
    table[:, 0] = rng.integers(0, cells, spikes)
    # In order of time, as simulators write them, on a grid of 0.1 ms.
    table[:, 1] = np.sort(np.round(rng.uniform(0, ms, spikes), 1))
    with h5py.File(path, "w") as file:
        file.attrs["configuration_string"] = old_configuration()
        device = file.create_dataset("recorders/soma_spikes/record_all", data=table)
        device.attrs["name"] = device.attrs["label"] = "record_all"
        device.attrs["cell_types"] = [name for name, *_ in KINDS]


def new_network(path: Path, cells: int) -> None:
    """As versions 4 to 8 do: chunks, whose number is x + 2^16 y + 2^32 z."""
    total = dict.fromkeys(("placed", "connections"), 0)
    chunks: dict[str, dict[str, int]] = {}
    config = {
        "name": "bench",
        "cell_types": {
            name: {
                "spatial": {"radius": radius, "count": number},
                "plotting": {"display_name": name.replace("_", " "), "color": color},
            }
            for (name, _, radius, color), number in zip(KINDS, shares(cells), strict=True)
        },
    }
    with h5py.File(path, "w") as file:
        file.attrs["bsb_version"] = file.attrs["bsb_hdf5_version"] = "8.0.2"
        file.attrs["chunk_size"] = [CHUNK] * 3
        for name in ("connectivity", "morphologies"):
            file.create_group(name)
        stored = file.create_dataset("files/configuration", data=np.bytes_(json.dumps(config)))
        stored.attrs["meta"] = json.dumps({"active_config": True})
        for seed, ((name, *_), number) in enumerate(zip(KINDS, shares(cells), strict=True)):
            at = places(number, side(cells), seed)
            x, y, z = (at // CHUNK).astype(np.int64).T
            chunk = x + (y << 16) + (z << 32)
            order = np.argsort(chunk, kind="stable")
            ids, starts = np.unique(chunk[order], return_index=True)
            group = file.create_group(f"placement/{name}")
            counts = {}
            for which, rows in zip(ids, np.split(order, starts[1:]), strict=True):
                part = group.create_group(str(which))
                part.create_dataset("position", data=at[rows], maxshape=(None, 3), chunks=(512, 2))
                part.create_dataset("rotation", (0, 3), "f8", maxshape=(None, 3), chunks=(512, 2))
                part.create_dataset("morphology", (0,), "i8", maxshape=(None,), chunks=(1024,))
                part.create_dataset("labels", (0,), "i8", maxshape=(None,), chunks=(1024,))
                part.create_group("additional")
                counts[str(which)] = len(rows)
                chunks.setdefault(str(which), dict(total))["placed"] += len(rows)
            group.attrs["len"], group.attrs["chunks"] = number, json.dumps(counts)
        file.attrs["chunks"] = json.dumps(chunks)
