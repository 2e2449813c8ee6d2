"""Cleo's devices as a `network.json` has them.

Owns which of their attributes is which key. It takes what a device has and asks nothing of its
class, so it needs no Cleo; quantities of Brian2 are numbers in SI units to numpy.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UM = 1e6
_NM = 1e9


def described(device: Any, name: str, groups: Mapping[str, int]) -> dict[str, Any] | None:
    """A device's keys; None where it has nothing to draw, as in Cleo.

    Args:
        device: a Light, a Probe, a Scope, or another one.
        name: how it is called there.
        groups: how many cells each group has that is drawn.
    """
    if hasattr(device, "light_model"):
        return _light(device, name)
    if hasattr(device, "img_width") and hasattr(device, "focus_depth"):
        return _scope(device, name, groups)
    if hasattr(device, "coords") and hasattr(device, "signals"):
        return {"kind": "probe", "name": name, "coords": _um(device.coords).reshape(-1, 3).tolist()}
    return None


def sources(device: Any) -> int:
    """How many values a device has that change in a picture."""
    return len(np.reshape(device.coords, (-1, 3))) if hasattr(device, "light_model") else 0


def values(value: Any, sources: int) -> "NDArray[np.float32]":
    """What a device with so many sources is set to, as an array of its own."""
    values = np.array(value, np.float32).reshape(-1)
    return np.full(sources, values[0], np.float32) if len(values) == 1 else values


def brightest(device: Any, recorded: "NDArray[np.float32] | None") -> float:
    """The value at which a light is as bright as it is drawn, in what its values are in: mW/mm²,
    or mW where its limit is a power."""
    for limit in (device.max_value_viz, device.max_value):
        if limit is not None and (found := _in_milliwatts(limit)) > 0:
            return found
    most = 0.0 if recorded is None or not recorded.size else float(recorded.max())
    return most if most > 0 else 1.0


def _light(device: Any, name: str) -> dict[str, Any]:
    model = device.light_model
    return {
        "kind": "light",
        "name": name,
        "model": _model(model),
        "coords": _um(device.coords).reshape(-1, 3).tolist(),
        "direction": np.asarray(device.direction, float).reshape(-1, 3).tolist(),
        "wavelength_nm": float(np.asarray(model.wavelength)) * _NM,
    }


def _model(model: Any) -> dict[str, Any]:
    if hasattr(model, "NAfib"):
        return {
            "model": "fiber",
            "r0": float(_um(model.R0)),
            "na": float(model.NAfib),
            "k": float(np.asarray(model.K)) / 1e3,
            "s": float(np.asarray(model.S)) / 1e3,
            "ntis": float(model.ntis),
        }
    if hasattr(model, "sigma_lateral"):
        return {
            "model": "twophoton",
            "sigma_lateral": float(_um(model.sigma_lateral)),
            "sigma_axial": float(_um(model.sigma_axial)),
        }
    if hasattr(model, "zmax"):
        return {
            "model": "koehler",
            "radius": float(_um(model.radius)),
            "zmax": float(_um(model.zmax)),
        }
    raise ValueError(
        f"light of {type(model).__name__} cannot be drawn: known are OpticFiber, KoehlerBeam and "
        "GaussianEllipsoid; leave the device out of `devices`"
    )


def _scope(device: Any, name: str, groups: Mapping[str, int]) -> dict[str, Any]:
    depth = device.focus_depth
    rois = []
    cells: Sequence[Any] = device.i_targets_per_injct
    for group, targets in zip(device.neuron_groups, cells, strict=False):
        seen = [int(one) for one in np.asarray(targets).reshape(-1)]
        if group.name in groups and seen:
            inside = [one for one in seen if one < groups[group.name]]
            rois.append({"population": group.name, "cells": inside})
    return {
        "kind": "scope",
        "name": name,
        "location": _um(device.location).reshape(3).tolist(),
        "direction": np.asarray(device.direction, float).reshape(3).tolist(),
        "focus_depth": 0.0 if depth is None else float(_um(depth)),
        "img_width": float(_um(device.img_width)),
        "rois": rois,
    }


def _um(quantity: Any) -> "NDArray[np.float64]":
    return np.asarray(quantity, np.float64) * _UM


def _in_milliwatts(limit: Any) -> float:
    """A limit with unit in mW/mm², or in mW; one without a unit as it is."""
    number = float(np.asarray(limit, np.float64).reshape(-1).max())
    dimensions = getattr(limit, "dim", None)
    if dimensions is None or getattr(dimensions, "is_dimensionless", False):
        return number
    is_power = float(dimensions.get_dimension("m")) != 0.0
    return number * 1e3 if is_power else number / 1e3
