"""Light in tissue, as Cleo 0.20.0 reckons and draws it: what of a source's light is where.

Owns its formulas, and the clouds of points that it draws them on. Lengths are in µm, coefficients
of tissue per mm, wavelengths in nm. It knows no scene.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: So many points Cleo draws for a source.
POINTS = 4000
#: Points that less light reaches are left out.
THRESHOLD = 1e-3
#: How opaque a source is at its largest value.
OPAQUE = 0.6

#: The models, as descriptions name them.
MODELS = ("fiber", "koehler", "twophoton")
_SAME = {"opticfiber": "fiber", "fibre": "fiber", "koehlerbeam": "koehler", "köhler": "koehler"}
_SAME |= {"gaussianellipsoid": "twophoton", "2p": "twophoton"}


@dataclass(frozen=True)
class LightCloud:
    """The light of a source at the origin that shines along +z."""

    #: Where it is drawn, `(m, 3)` in µm.
    points: Floats
    #: What of the light is there, `(m,)`, from 0 to 1.
    transmittance: Floats
    #: The diameter of a point's mark in µm.
    marker: float
    #: The opacity of a light that is never updated is multiplied by this (Cleo's static picture).
    still: float


def model_called(name: str) -> str:
    """Which of `MODELS` a name means, Cleo's classes too; ValueError where it is none."""
    plain = "".join(one for one in name.lower() if one not in "-_ ")
    found = _SAME.get(plain, plain)
    if found not in MODELS:
        raise ValueError(f"a light's model is {name!r}: there are {', '.join(MODELS)}")
    return found


def cylinder(n: int, radius: float, low: float, high: float) -> Floats:
    """Points `(n, 3)` spread evenly over a cylinder around z, by golden angles; not random."""
    u = np.arange(n) + 0.5
    r = radius * np.sqrt(u / n)
    angle = math.pi * (1 + math.sqrt(5)) * u
    z = low + (high - low) * (1 + np.sin(2 * math.pi * math.sqrt(2) * u)) / 2
    return np.column_stack([-r * np.sin(angle), r * np.cos(angle), z])


def fiber_transmittance(
    r: ArrayLike,
    z: ArrayLike,
    r0: float = 100.0,
    na: float = 0.37,
    n: float = 1.36,
    k: float = 0.125,
    s: float = 7.37,
) -> Floats:
    """What of an optical fibre's light is `r` beside its axis and `z` before its end.

    Args:
        r: µm.
        z: µm; behind the end there is none.
        r0: The fibre's radius, µm.
        na: Its numerical aperture.
        n: The tissue's refractive index.
        k: The tissue's absorption, per mm.
        s: The tissue's scattering, per mm.

    Source: Foutz et al. 2012, J Neurophysiol 107:3235, with the numbers that Cleo has for 473 nm.
    """
    scattering = s / 1000
    a = 1 + k / s
    b = math.sqrt(a * a - 1)
    r, z = np.asarray(r, np.float64), np.asarray(z, np.float64)
    front = np.maximum(z, 0)
    spread = r0 + front * math.tan(math.asin(na / n))
    # Far away sinh is beyond all numbers, and nothing is left.
    way = np.minimum(b * scattering * np.hypot(r, front), 700.0)
    scatter = b / (a * np.sinh(way) + b * np.cosh(way))
    profile = np.exp(-2 * (r / spread) ** 2) / math.sqrt(2 * math.pi)
    return np.where(z < 0, 0.0, profile * (r0 / spread) ** 2 * scatter)


def koehler_transmittance(r: ArrayLike, z: ArrayLike, radius: float, zmax: float = 500.0) -> Floats:
    """1 within a cylinder, µm, and 0 elsewhere."""
    r, z = np.asarray(r, np.float64), np.asarray(z, np.float64)
    return np.where((r <= radius) & (z >= 0) & (z <= zmax), 1.0, 0.0)


def twophoton_transmittance(
    r: ArrayLike, z: ArrayLike, sigma_lateral: float = 8.0, sigma_axial: float = 18.0
) -> Floats:
    """A spot that two photons excite: normal curves across the axis and along it, µm."""
    r, z = np.asarray(r, np.float64), np.asarray(z, np.float64)
    return np.asarray(np.exp(-((r / sigma_lateral) ** 2 + (z / sigma_axial) ** 2) / 2))


def light_cloud(model: str, points: int = POINTS, **params: float) -> LightCloud:
    """The cloud of points that Cleo draws for a source.

    `params` are the arguments of the model's `…_transmittance`, as descriptions name them:
    `fiber` r0, na, k, s, ntis; `koehler` radius, zmax; `twophoton` sigma_lateral, sigma_axial.
    ValueError where there is no such model, or no such parameter.
    """
    kind = model_called(model)
    if points < 1:
        raise ValueError(f"a cloud of {points} points")
    for name, value in params.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} of a light is {value}: a number is needed")
    try:
        transmit, radius, low, high, share, still = _MAKERS[kind](**params)
    except TypeError as error:
        raise ValueError(f"a light of the model {kind}: {error}") from None
    xyz = cylinder(points, radius, low, high)
    reached = transmit(np.hypot(xyz[:, 0], xyz[:, 1]), xyz[:, 2])
    kept = reached >= THRESHOLD
    volume = math.pi * radius**2 * (high - low)
    return LightCloud(
        xyz[kept],
        reached[kept],
        (volume / points * share) ** (1 / 3),
        (still / points) ** (1 / 3),
    )


def alpha(
    transmittance: ArrayLike, value: float, max_value: float, opaque: float = OPAQUE
) -> Floats:
    """How opaque points are at a value of a source: `opaque * value / max_value` of what is there.

    What is above the maximum is as the maximum, and what is below 0, or no number, as 0. (Cleo
    jumps to 1 above it.)
    """
    if not max_value > 0:
        raise ValueError(f"the largest value of a light is {max_value}: above 0 is needed")
    part = min(max(value / max_value, 0.0), 1.0) if value == value else 0.0
    return np.asarray(transmittance, np.float64) * (opaque * part)


def wavelength_rgb(nm: float) -> tuple[float, float, float]:
    """The colour of a wavelength, sRGB from 0 to 1; outside 380 to 750 nm that of the nearer end.

    Source: D. Bruton, "Approximate RGB values for visible wavelengths" (1996), with gamma 0.8.
    """
    if nm != nm:
        raise ValueError("a wavelength is no number")
    w = min(max(float(nm), 380.0), 750.0)
    gamma = 0.8
    if w < 440:
        fade = 0.3 + 0.7 * (w - 380) / 60
        return (((440 - w) / 60 * fade) ** gamma, 0.0, fade**gamma)
    if w < 490:
        return (0.0, ((w - 440) / 50) ** gamma, 1.0)
    if w < 510:
        return (0.0, 1.0, ((510 - w) / 20) ** gamma)
    if w < 580:
        return (((w - 510) / 70) ** gamma, 1.0, 0.0)
    if w < 645:
        return (1.0, ((645 - w) / 65) ** gamma, 0.0)
    return ((0.3 + 0.7 * (750 - w) / 105) ** gamma, 0.0, 0.0)


# What is there; the cylinder's radius and ends; a mark's share of the volume; `still` of one point,
# cubed.
_Made = tuple[Callable[[Any, Any], Floats], float, float, float, float, float]


def _fiber(
    r0: float = 100.0, na: float = 0.37, k: float = 0.125, s: float = 7.37, ntis: float = 1.36
) -> _Made:
    if not (r0 > 0 and 0 < na < ntis and k > 0 and s > 0):
        raise ValueError(
            f"a fibre has r0 {r0}, na {na}, k {k}, s {s}, ntis {ntis}: all must be above 0, and na "
            "below ntis"
        )

    def transmit(r: Any, z: Any) -> Floats:
        return fiber_transmittance(r, z, r0, na, ntis, k, s)

    length = _where_faint(lambda z: float(transmit(0.0, z)), 10.0, 20_000.0)
    radius = 1.2 * _where_faint(lambda r: float(transmit(r, length / 2)), 10.0, 20_000.0)
    return transmit, radius, 0.0, length, 3.0, 1.5**3 * POINTS


def _koehler(radius: float, zmax: float = 500.0) -> _Made:
    if not (radius > 0 and zmax > 0):
        raise ValueError(f"a beam of radius {radius} and length {zmax}: both must be above 0")
    return lambda r, z: koehler_transmittance(r, z, radius, zmax), radius, 0.0, zmax, 2.0, 1.0


def _twophoton(sigma_lateral: float = 8.0, sigma_axial: float = 18.0) -> _Made:
    if not (sigma_lateral > 0 and sigma_axial > 0):
        raise ValueError(f"a spot of {sigma_lateral} and {sigma_axial}: both must be above 0")

    def transmit(r: Any, z: Any) -> Floats:
        return twophoton_transmittance(r, z, sigma_lateral, sigma_axial)

    length = _where_faint(lambda z: float(transmit(0.0, z)), 0.1, 1000.0)
    radius = _where_faint(lambda r: float(transmit(r, 0.0)), 0.1, 100.0)
    return transmit, radius, -length, length, 1.5, 1000.0


_MAKERS: dict[str, Callable[..., _Made]] = {
    "fiber": _fiber,
    "koehler": _koehler,
    "twophoton": _twophoton,
}


def _where_faint(transmit: Callable[[float], float], step: float, most: float) -> float:
    """The last of the steps up to `most` where a falling transmittance is not below the threshold,
    µm; the first one at least. Cleo looks in such steps too: with others its points are elsewhere.
    """
    low, high = 1, round(most / step)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if transmit(middle * step) >= THRESHOLD else (low, middle - 1)
    return low * step
