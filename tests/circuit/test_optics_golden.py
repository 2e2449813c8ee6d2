"""Light is where Cleo 0.20.0 draws it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch.circuit import optics

GOLDEN = Path(__file__).resolve().parents[1] / "golden/network/cleo/light.json"


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


def test_a_fibres_cloud_is_cleos() -> None:
    expected = golden()
    cloud = optics.light_cloud("fiber")
    assert [len(cloud.points)] * 2 == expected["drawn"]
    points = np.array(expected["fiber"]["points"])
    np.testing.assert_allclose(cloud.points[: len(points)], points, rtol=0, atol=1e-8)
    there = expected["fiber"]["transmittance"]
    np.testing.assert_allclose(cloud.transmittance[: len(there)], there, rtol=1e-9)


@pytest.mark.parametrize(
    ("model", "name", "place", "params"),
    [
        ("OpticFiber", "fiber", (100, 100, 0), {}),
        ("twophoton", "2P", (100, 100, 150), {}),
        ("koehler", "koehler", (100, 100, 0), {"radius": 80.0}),
    ],
)
def test_every_model_has_cleos_points_and_opacity(
    model: str, name: str, place: tuple[float, ...], params: dict[str, float]
) -> None:
    expected = golden()["devices"][name]
    cloud = optics.light_cloud(model, **params)
    assert len(cloud.points) == expected["n"]
    np.testing.assert_allclose(cloud.points[0] + place, expected["first_xyz"], atol=1e-8)
    ends = [cloud.transmittance.min(), cloud.transmittance.max()]
    np.testing.assert_allclose(ends, expected["T_minmax"], rtol=1e-9)
    # The golden opacity has four digits.
    still = optics.OPAQUE / 2 * cloud.still
    assert still == pytest.approx(expected["cmap_top_rgba"][3], abs=5e-5)
    # Marks have areas in proportion to the squares of their sizes, in one picture.
    fiber = golden()["devices"]["fiber"]["size_pt2"] ** 0.5 / optics.light_cloud("fiber").marker
    assert expected["size_pt2"] ** 0.5 / cloud.marker == pytest.approx(fiber, rel=1e-6)


def test_opacity_follows_the_value_and_ends_at_the_maximum() -> None:
    expected = golden()
    ours = [float(optics.alpha(1.0, one, expected["max_value"])) for one in expected["values"]]
    np.testing.assert_allclose(ours, expected["alpha"], rtol=0, atol=1e-9)
    assert float(optics.alpha(1.0, 50.0, 5.0)) == optics.OPAQUE
    assert float(optics.alpha(1.0, -1.0, 5.0)) == 0.0 == float(optics.alpha(1.0, np.nan, 5.0))
    with pytest.raises(ValueError, match="above 0"):
        optics.alpha(1.0, 1.0, 0.0)


def test_wavelengths_have_brutons_colours() -> None:
    np.testing.assert_allclose(optics.wavelength_rgb(473), golden()["rgb"], rtol=0, atol=1e-12)
    assert optics.wavelength_rgb(200) == optics.wavelength_rgb(380)
    assert optics.wavelength_rgb(590)[0] == 1.0 and optics.wavelength_rgb(700)[1:] == (0.0, 0.0)
    for nm in (440, 490, 510, 580, 645):
        np.testing.assert_allclose(
            optics.wavelength_rgb(nm - 1e-9), optics.wavelength_rgb(nm), atol=1e-5
        )


def test_light_that_means_nothing_is_refused() -> None:
    for model, params, said in (
        ("lamp", {}, "there are fiber, koehler, twophoton"),
        ("fiber", {"radius": 3.0}, "radius"),
        ("fiber", {"na": 2.0}, "na below ntis"),
        ("fiber", {"s": 0.0}, "above 0"),
        ("fiber", {"r0": float("nan")}, "r0 of a light is nan"),
        ("koehler", {}, "radius"),
        ("twophoton", {"sigma_axial": -1.0}, "above 0"),
    ):
        with pytest.raises(ValueError, match=said):
            optics.light_cloud(model, **params)
    assert optics.fiber_transmittance(0.0, 1e9).item() < 1e-12
    assert optics.fiber_transmittance(0.0, -1.0).item() == 0.0
