"""Where the light of a device is: a cloud of points with the transmittance at each.

Owns Cleo's formulas (0.20.0) of a fibre, a Köhler beam and a two-photon spot, and the cylinder of
points they are drawn on. It must never know Blender.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

POINTS = 4000
THRESHOLD = 1e-3
"""Points with less transmittance are left out."""

MODELS = ("fiber", "koehler", "two_photon")
_SAME = {
    "opticfiber": "fiber",
    "fibre": "fiber",
    "koehlerbeam": "koehler",
    "köhler": "koehler",
    "gaussianellipsoid": "two_photon",
    "twophoton": "two_photon",
    "2p": "two_photon",
}


@dataclass(frozen=True)
class Cloud:
    """The light of one source at the origin, along +z."""

    points: "NDArray[np.float64]"
    """(m, 3), µm."""
    transmittance: "NDArray[np.float64]"
    """(m,), 0 to 1."""
    marker: float
    """The diameter of a point's marker, µm."""
    s: float
    """What the opacity of a light that is still is multiplied by, for as many points."""


def model_called(name: str) -> str:
    """Which of `MODELS` a name means, Cleo's classes too; ValueError where it is none."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    found = _SAME.get(plain.replace("_", ""), plain)
    if found not in MODELS:
        raise ValueError(f"a light's model is {name!r}: there are {', '.join(MODELS)}")
    return found


def cloud(model: str, n: int = POINTS, **params: float) -> Cloud:
    """The cloud of a model; lengths in µm, `k` and `s` per mm.

    fiber: r0 100, na 0.37, k 0.125, s 7.37, ntis 1.36 (Foutz 2012). koehler: radius, zmax 500.
    two_photon: sigma_lateral 8, sigma_axial 18.
    """
    kind = model_called(model)
    makers: dict[str, Any] = {"fiber": _fiber, "koehler": _koehler, "two_photon": _two_photon}
    try:
        transmit, radius, low, high, marker, s = makers[kind](n, **params)
    except TypeError as error:
        raise ValueError(f"a light of the model {kind}: {error}") from None
    xyz = cylinder(n, radius, low, high)
    t = transmit(np.hypot(xyz[:, 0], xyz[:, 1]), xyz[:, 2])
    kept = t >= THRESHOLD
    volume = math.pi * radius**2 * (high - low)
    return Cloud(xyz[kept], t[kept], marker * (volume / n * 3) ** (1 / 3), s)


def cylinder(n: int, radius: float, low: float, high: float) -> "NDArray[np.float64]":
    """Points (n, 3) spread evenly over a cylinder around z, by golden angles."""
    u = np.arange(n) + 0.5
    r = radius * np.sqrt(u / n)
    angle = math.pi * (1 + math.sqrt(5)) * u
    z = low + (high - low) * (1 + np.sin(2 * math.pi * math.sqrt(2) * u)) / 2
    return np.column_stack([-r * np.sin(angle), r * np.cos(angle), z])


def turned(points: "NDArray[np.float64]", direction: "ArrayLike") -> "NDArray[np.float64]":
    """Points around +z, turned the shortest way so that z lies along a direction."""
    d = np.asarray(direction, float).reshape(3)
    length = np.linalg.norm(d)
    if not np.isfinite(length) or length == 0:
        raise ValueError(f"a direction is {d.tolist()}: it needs a length")
    x, y, z = d / length
    if z > 1 - 1e-12:
        return points
    if z < -1 + 1e-12:
        return points * (1, -1, -1)
    # Rodrigues' formula about (-y, x, 0), the axis at right angles to both.
    k = np.array([[0, 0, x], [0, 0, y], [-x, -y, 0]])
    turn = np.eye(3) + k + k @ k / (1 + z)
    return np.asarray(points @ turn.T)


def wavelength_rgb(nm: float) -> tuple[float, float, float]:
    """The colour of a wavelength, sRGB (Bruton's spectrum, gamma 0.8)."""
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


Made = tuple["Callable[[Any, Any], NDArray[np.float64]]", float, float, float, float, float]


def _fiber(
    n: int,
    r0: float = 100.0,
    na: float = 0.37,
    k: float = 0.125,
    s: float = 7.37,
    ntis: float = 1.36,
) -> Made:
    scattering = s / 1000
    widening = math.tan(math.asin(na / ntis))
    a = 1 + k / s
    b = math.sqrt(a * a - 1)

    def transmit(r: Any, z: Any) -> "NDArray[np.float64]":
        r, z = np.asarray(r, float), np.asarray(z, float)
        front = np.maximum(z, 0)
        spread = r0 + front * widening
        way = b * scattering * np.hypot(r, front)
        scatter = b / (a * np.sinh(way) + b * np.cosh(way))
        profile = np.exp(-2 * (r / spread) ** 2) / math.sqrt(2 * math.pi)
        return np.where(z < 0, 0.0, profile * (r0 / spread) ** 2 * scatter)

    length = _where_faint(lambda z: float(transmit(0.0, z)), 10.0, 20_000.0)
    radius = 1.2 * _where_faint(lambda r: float(transmit(r, length / 2)), 10.0, 20_000.0)
    return transmit, radius, 0.0, length, 1.0, 1.5 * (POINTS / n) ** (1 / 3)


def _koehler(n: int, radius: float, zmax: float = 500.0) -> Made:
    def transmit(r: Any, z: Any) -> "NDArray[np.float64]":
        return np.where((r <= radius) & (z >= 0) & (z <= zmax), 1.0, 0.0)

    return transmit, radius, 0.0, zmax, 2.0, (1 / n) ** (1 / 3)


def _two_photon(n: int, sigma_lateral: float = 8.0, sigma_axial: float = 18.0) -> Made:
    def transmit(r: Any, z: Any) -> "NDArray[np.float64]":
        lateral, axial = (r / sigma_lateral) ** 2, (z / sigma_axial) ** 2
        return np.asarray(np.exp(-(lateral + axial) / 2))

    length = _where_faint(lambda z: float(transmit(0.0, z)), 0.1, 1000.0)
    radius = _where_faint(lambda r: float(transmit(r, 0.0)), 0.1, 100.0)
    return transmit, radius, -length, length, 1.0, (1000 / n) ** (1 / 3)


def _where_faint(transmit: "Callable[[float], float]", step: float, most: float) -> float:
    """The last of the steps up to `most` where a falling transmittance is not below the threshold,
    µm; the first one at least. Cleo looks in such steps too: with others its points are elsewhere.
    """
    low, high = 1, round(most / step)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if transmit(middle * step) >= THRESHOLD else (low, middle - 1)
    return low * step
