"""The parts of examples/microscopy that need no Blender: optics, registration, the classical ways,
and the measures."""

import sys
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from support import ROOT

NAMES = ("optics", "movies", "scores", "classical", "tissue")


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The example's modules, which nobody else finds under these names."""
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "microscopy"))
    yield SimpleNamespace(**{name: import_module(name) for name in NAMES})
    for name in NAMES:
        sys.modules.pop(name)


def test_two_photons_section_and_one_does_not(ways: SimpleNamespace) -> None:
    two, one = ways.optics.Microscope(photons=2), ways.optics.Microscope(photons=1)
    # w(z) of a Gaussian beam: √2 of the least at the Rayleigh length, and a cone far away.
    least = two.waist(0.0)
    rayleigh = np.pi * two.index * least**2 / two.wavelength_um
    assert least == pytest.approx(two.wavelength_um / (np.pi * two.aperture))
    assert two.waist(rayleigh) == pytest.approx(2**0.5 * least)
    assert two.waist(1000.0) / 1000.0 == pytest.approx(two.aperture / two.index, rel=1e-3)
    assert two.weights().sum() == pytest.approx(1) and one.weights().sum() == pytest.approx(1)
    assert np.ptp(one.weights()) < 1e-12
    middle = two.planes_um.index(0)
    at = two.planes_um.index(8)
    assert two.weights()[at] / two.weights()[middle] == pytest.approx((least / two.waist(8.0)) ** 2)


def test_focus_keeps_light_and_blurs_by_sigma(ways: SimpleNamespace) -> None:
    scope = ways.optics.Microscope()
    planes = np.zeros((len(scope.planes_um), 64, 64), np.float32)
    planes[-1, 32, 32] = 1.0
    seen = scope.focus(planes, scope.transfer((64, 64)))
    assert seen.sum() == pytest.approx(scope.weights()[-1], rel=1e-4)
    across = (seen.sum(0) * (np.arange(64) - 32) ** 2).sum() / seen.sum()
    assert across**0.5 == pytest.approx(scope.blur(scope.planes_um[-1]), rel=1e-2)


def test_a_cell_far_below_is_dim_with_two_photons_alone(ways: SimpleNamespace) -> None:
    rows, columns = np.mgrid[:64, :64] - 32.0
    cell = np.hypot(rows, columns) < 5

    def seen(photons: int, z_um: float) -> float:
        scope = ways.optics.Microscope(photons=photons)
        planes = np.zeros((len(scope.planes_um), 64, 64), np.float32)
        planes[scope.planes_um.index(z_um)] = cell
        light = scope.focus(planes, scope.transfer((64, 64)))
        return float(light[cell].mean())

    assert seen(2, 12) < 0.15 * seen(2, 0)
    assert 0.5 * seen(1, 0) < seen(1, 12) < seen(1, 0)


def test_noise_is_of_photons_and_of_reading(ways: SimpleNamespace) -> None:
    scope = ways.optics.Microscope()
    counts = scope.detect(np.full((200, 200), 2.0), np.random.default_rng(1)).astype(float)
    photons = 2 * scope.detector_photons
    assert counts.mean() == pytest.approx(scope.offset + scope.gain * photons, rel=0.01)
    assert counts.var() == pytest.approx(scope.gain**2 * photons + scope.read_noise**2, rel=0.05)
    dark = scope.detect(np.zeros((200, 200)), np.random.default_rng(1)).astype(float)
    assert dark.mean() == pytest.approx(scope.offset, rel=0.01)
    assert dark.std() == pytest.approx(scope.read_noise, rel=0.05)


def test_drift_is_found_to_a_tenth_of_a_pixel(ways: SimpleNamespace) -> None:
    rng = np.random.default_rng(2)
    cells = ways.movies.smoothed(rng.random((80, 80)) ** 8, 1.5)
    true = ways.optics.drift(rng, 160, 4.0)
    moved = [ways.optics.shifted(200 * cells, one)[8:72, 8:72] for one in true]
    movie = np.array(moved) + rng.normal(0, 5, (160, 64, 64))
    found = ways.movies.estimated_drift(movie.astype(np.float32))
    assert np.abs(true).max() > 1.5
    assert np.sqrt(((found - true) ** 2).mean()) < 0.15


def test_deconvolution_finds_the_spikes_of_its_own_model(ways: SimpleNamespace) -> None:
    spikes = np.zeros((1, 60))
    spikes[0, [5, 20, 22, 40]] = [1, 2, 1, 1]
    course = np.zeros(60)
    keep = np.exp(-50 / 205)
    for at in range(60):
        course[at] = (keep * course[at - 1] if at else 0) + spikes[0, at]
    found = ways.classical._oasis(course, keep, 0.0)
    assert found == pytest.approx(spikes[0], abs=1e-9)
    # With noise it is the best that is not negative, with a penalty too: what coordinate descent
    # finds.
    rng, penalty = np.random.default_rng(5), 0.3
    noisy = course + rng.normal(0, 0.4, 60)
    after = np.tril(keep ** np.maximum(np.subtract.outer(np.arange(60), np.arange(60)), 0))
    best = np.zeros(60)
    for _ in range(300):
        for at in range(60):
            left = noisy - after @ best + after[:, at] * best[at]
            best[at] = max((after[:, at] @ left - penalty) / (after[:, at] @ after[:, at]), 0)
    found = ways.classical._oasis(noisy, keep, penalty)
    assert np.count_nonzero(best[1:] > 1e-4) > 4
    assert found[1:] == pytest.approx(best[1:], abs=1e-4)
    # What is below 0, or falls faster than calcium does, is no spike.
    assert not ways.classical._oasis(-course, keep, 0.0)[1:].any()


def test_the_measures(ways: SimpleNamespace) -> None:
    scores = ways.scores
    mask = np.zeros((40, 40), np.uint16)
    mask[2:10, 2:10], mask[20:28, 20:28], mask[34:36, 34:36] = 1, 2, 3
    cells = np.float32([[6, 6, 0, 6], [24, 24, 0, 6], [35, 35, 5, 6]])
    none = np.zeros((4, 3))
    item = {"mask": mask, "cells": cells, "spikes": none, "fluorescence": none, "drift": none}
    truth = scores.Truth.of(item, 1.25)
    assert truth.wanted.tolist() == [1, 2]

    labels = np.zeros((40, 40), np.int64)
    labels[2:10, 3:10] = 1  # the first cell but for a column
    labels[20:22, 20:28] = 2  # a quarter of the second
    labels[34:36, 34:36] = 3  # what counts neither way
    labels[10:18, 30:38] = 4  # nothing
    found = scores.Found(labels, np.array([0.9, 0.8, 0.7, 0.6]))
    matched = scores.match(truth, found)
    assert matched.of_truth.tolist() == [1, 0]
    assert matched.counts.tolist() == [True, True, False, True]
    told = scores.cells([truth], [found])
    assert (told["precision"], told["recall"]) == (pytest.approx(1 / 3), 0.5)
    assert told["ap"] == pytest.approx(0.5) and told["f1"] == pytest.approx(0.4)

    true = np.array([[0, 1, 0, 0, 1, 0, 0, 2]])
    said = np.array([[1, 0, 0, 0, 0, 0, 1, 1]], bool)
    # Frame 0 finds the spike of frame 1, and 6 the one of 7, which 7 cannot find again.
    assert scores.hits(said, true).tolist() == [2, 3, 3]
    assert scores.correlation(true.astype(float), true) == pytest.approx([1.0])
    assert scores.correlation(np.zeros((1, 8)), true) == pytest.approx([0.0])


def test_cells_do_not_touch_and_their_network_is_alive(ways: SimpleNamespace) -> None:
    cells = ways.tissue.scatter(np.random.default_rng(3), 120.0, 22.0)
    apart = np.linalg.norm(cells.positions[:, None] - cells.positions, axis=2)
    apart += 1e9 * np.eye(len(cells))
    assert (apart > cells.radii[:, None] + cells.radii).all()
    index, times = ways.tissue.simulate(np.random.default_rng(4), cells, 4000.0)
    again = ways.tissue.simulate(np.random.default_rng(4), cells, 4000.0)
    assert (index == again[0]).all() and (times == again[1]).all()
    assert times.min() >= 0 and times.max() <= 4000.0
    assert 0.2 < len(times) / len(cells) / 4.0 < 6.0, "spikes a second of a cell"
