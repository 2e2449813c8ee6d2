"""Activity in Python: what is filled, what is kept between frames, and what is refused."""

import math
from pathlib import Path

import h5py
import numpy as np
import pytest
from blendtorch import circuit

LINE = circuit.Timeline(fps=1000.0, ms_per_s=1000.0)
GOLDEN = Path(__file__).resolve().parents[1] / "golden/sonata"


def spikes_of(cells: int, number: int, seed: int = 1) -> circuit.SpikeIndex:
    random = np.random.default_rng(seed)
    index = random.integers(0, cells, number).astype(np.uint32)
    return circuit.SpikeIndex(cells, index, random.uniform(0, 500, number))


def kinds(spikes: circuit.SpikeIndex) -> list[circuit.Activity]:
    return [
        circuit.Pulsar(spikes, LINE),
        circuit.Flash(spikes, LINE, duration_ms=4.0),
        circuit.Decay(spikes, LINE, tau_ms=15.0),
        circuit.Indicator(spikes, LINE),
        circuit.Indicator(spikes, LINE, noise=0.1),
    ]


def test_an_array_that_is_filled_again_is_as_one_that_is_new() -> None:
    for kind in kinds(spikes_of(200, 900)):
        out = np.full(200, 7.0, np.float32)
        for frame in (40, 41.5, 700, 3, 3, 5000, 42):
            active = kind.fill(frame, out)
            np.testing.assert_array_equal(out, kind.values(frame), err_msg=f"{kind} {frame}")
            assert active >= np.count_nonzero(out != kind.rest(frame)) or "noise=0.1" in repr(kind)


def test_an_array_that_two_activities_fill_in_turn_has_the_last_ones_values() -> None:
    a, b = circuit.Flash(spikes_of(50, 90), LINE, 20.0), circuit.Decay(spikes_of(50, 90, 2), LINE)
    out = np.zeros(50, np.float32)
    for frame in (10, 60, 61, 200):
        for kind in (a, b):
            kind.fill(frame, out)
            np.testing.assert_array_equal(out, kind.values(frame))
    # Another array at the same place in memory is another array.
    for _ in range(20):
        fresh = np.full(50, 3.0, np.float32)
        a.fill(60, fresh)
        np.testing.assert_array_equal(fresh, a.values(60))
        del fresh
    a.fill(60, out)
    out[:] = 5.0
    a.fill_all(60, out)
    np.testing.assert_array_equal(out, a.values(60))


def test_memory_that_is_not_pythons_is_filled_as_a_whole() -> None:
    for kind in kinds(spikes_of(200, 900)):
        assert not kind.reads
        own = np.zeros(200, np.float32)
        for frame in (40, 41.5, 3, 5000, 42):
            memory = np.full(200, 9.0, np.float32)
            assert kind.fill_now(frame, memory) == kind.fill(frame, own)
            np.testing.assert_array_equal(memory, own)
        with pytest.raises(ValueError, match="3 values; there are 200 cells"):
            kind.fill_now(3, own[:3])
        with pytest.raises(BufferError):
            kind.fill_now(3, np.zeros(200))  # type: ignore[arg-type]
    # A report is read from a file, which takes long or fails.
    traces = circuit.Traces(GOLDEN / "b_ei_exp/expected/v.h5", "cortex", LINE, cells=5)
    own = np.full(5, 9.0, np.float32)
    assert traces.reads and traces.fill_now(3, own) is None and (own == 9.0).all()


def test_where_all_cells_rest_they_have_one_level() -> None:
    pulsar, flash, decay, dff, noisy = kinds(circuit.SpikeIndex(3, [1], [100.0]))
    assert flash.level(100) is None or flash.level(101) is None
    assert (flash.level(99), flash.level(200)) == (0.0, 0.0)
    assert pulsar.level(50) == np.float32(0.3) and pulsar.level(100) is None
    # While all fade.
    assert pulsar.level(125) == pulsar.rest(125) != pulsar.rest(110)
    assert decay.level(101) is None and decay.level(900) == 0.0
    assert dff.level(101) is None and dff.level(50) == 0.0
    assert noisy.level(50) is None


def test_a_frame_that_changes_nothing_says_so() -> None:
    flash = circuit.Flash(circuit.SpikeIndex(3, [1], [10.0]), LINE)
    out = np.ones(3, np.float32)
    assert (flash.fill(100, out), flash.still) == (0, False)
    assert (flash.fill(101, out), flash.still) == (0, True)
    assert (flash.fill(11, out), flash.still) == (1, False)
    assert (flash.fill(100, out), flash.still) == (0, False)


def test_a_flash_of_one_frame_shows_each_spike_once() -> None:
    spikes = spikes_of(40, 300)
    line = circuit.Timeline(fps=25.0, ms_per_s=93.0, start_ms=2.0)
    flash = circuit.Flash(spikes, line)
    seen = sum(flash.values(frame) for frame in range(200))
    frames = [np.floor(line.frame(spikes.times(cell))) for cell in range(40)]
    expected = [len(np.unique(one[one >= 0])) for one in frames]
    # A spike before frame 0 and within a frame of it is seen in frame 0.
    early = [np.any((one < 0) & (one >= -1)) for one in frames]
    np.testing.assert_array_equal(seen, np.array(expected) + early)


def test_what_is_no_spike_is_counted() -> None:
    times = [3.0, math.nan, 1.0, -2.0, 4.0, math.inf, 0.5]
    spikes = circuit.SpikeIndex(2, [0, 0, 0, 1, 7, 1, -1], times)
    assert spikes.n_spikes == 2 and spikes.outside == 2
    assert (spikes.nan, spikes.negative, spikes.unsorted) == (2, 1, 1)
    assert spikes.times(0).tolist() == [1.0, 3.0] and spikes.times(1).size == 0
    cells, at = spikes.window(1.0, 3.0)
    assert (cells.tolist(), at.tolist()) == ([0], [1.0]) and spikes.last_ms == 3.0
    assert circuit.SpikeIndex(2, [2**32, 1], [1.0, 2.0]).outside == 1
    empty = circuit.SpikeIndex(0, [], [])
    assert empty.last_ms is None
    for kind in kinds(empty):
        assert kind.values(3.0).shape == (0,) and kind.fill(1, np.zeros(0, np.float32)) == 0


def test_what_means_nothing_is_refused() -> None:
    spikes = spikes_of(4, 9)
    flash, out = circuit.Flash(spikes, LINE), np.zeros(4, np.float32)
    for make, said in (
        (lambda: circuit.Timeline(fps=0.0), "fps is 0"),
        (lambda: circuit.Timeline(ms_per_s=math.nan), "ms_per_s is nan"),
        (lambda: circuit.Timeline(start_ms=math.inf), "start_ms is inf"),
        (lambda: circuit.SpikeIndex(1, [0], [1.0, 2.0]), "1 cells of spikes and 2 times"),
        (lambda: circuit.SpikeIndex(-1, [], []), "-1 cells"),
        (lambda: circuit.SpikeIndex(10**12, [], []), "cells are claimed"),
        (lambda: circuit.Decay(spikes, LINE, tau_ms=0.0), "tau_ms is 0"),
        (lambda: circuit.Indicator(spikes, LINE, hill=-1.0), "hill is -1"),
        (lambda: circuit.Indicator(spikes, LINE, saturation=0.1), "too low for a spike"),
        (lambda: circuit.Pulsar(spikes, LINE, floor=2.0), "floor is 2"),
        (lambda: flash.fill(math.nan, out), "the frame is NaN"),
        (lambda: flash.fill(0, out[:3]), "3 values; there are 4 cells"),
        (lambda: flash.fill(0, np.zeros(8, np.float32)[::2]), "C-contiguous"),
    ):
        with pytest.raises(ValueError, match=said):
            make()
    with pytest.raises(TypeError, match="integers"):
        circuit.SpikeIndex(2, [0.5], [1.0])
    with pytest.raises(IndexError, match="no cell 4"):
        spikes.times(4)
    out.flags.writeable = False
    with pytest.raises((ValueError, BufferError), match=r"read-?only"):
        flash.fill(0, out)


def test_an_indicators_settings_are_gcamp6fs_unless_they_are_said() -> None:
    one = circuit.SpikeIndex(1, [0], [100.0])
    default = circuit.Indicator(one, LINE)
    assert default.describe() == {"as": "indicator", **circuit.Indicator.GCAMP6F, "seed": 0}
    trace = np.array([default.values(frame)[0] for frame in range(400)])
    assert trace[:100].max() < 1e-6 and trace.argmax() == 145
    assert trace.max() == pytest.approx(0.19, abs=1e-5)
    half = int(np.argmax((np.arange(400) > 145) & (trace < 0.095)))
    assert 280 < half < 330
    linear = circuit.Indicator(one, LINE, hill=1.0, saturation=math.inf, rise_ms=0.0, amplitude=1.0)
    np.testing.assert_allclose(linear.values(305.0), math.exp(-1), rtol=1e-3)


def test_traces_are_what_was_recorded() -> None:
    file = GOLDEN / "b_ei_exp/expected/v.h5"
    with h5py.File(file) as raw:
        data = raw["report/cortex/data"][:]
        start, _, step = raw["report/cortex/mapping/time"][:]
    traces = circuit.Traces(file, "cortex", LINE, cells=5, missing=math.nan)
    assert (traces.n_cells, traces.missing, traces.outside) == (5, 2, 0)
    assert traces.low == np.float32(data.min()) and traces.high == np.float32(data.max())
    for row in (0, 7, len(data) - 1):
        values = traces.values(start + row * step)
        np.testing.assert_allclose(values[:3], data[row], rtol=1e-6)
        assert np.isnan(values[3:]).all()
    between = traces.values(start + 7.25 * step)[:3]
    np.testing.assert_allclose(between, data[7] * 0.75 + data[8] * 0.25, rtol=1e-5)
    steps = circuit.Traces(file, "cortex", LINE, interpolation="previous", cells=[2, 9])
    values = steps.values(start + 7.9 * step)
    np.testing.assert_allclose(values, [data[7, 2], steps.low], rtol=1e-6)
    assert (steps.outside, steps.missing) == (2, 1)
    with pytest.raises(ValueError, match='did you mean "cortex"'):
        circuit.Traces(file, "cotrex", LINE)
    with pytest.raises(ValueError, match="it is a file of spikes"):
        circuit.Traces(GOLDEN / "b_ei_exp/expected/spikes.h5", "cortex", LINE)
    with pytest.raises(ValueError, match="cubic"):
        circuit.Traces(file, "cortex", LINE, interpolation="cubic")
    with pytest.raises(FileNotFoundError):
        circuit.Traces(GOLDEN / "none.h5", "cortex", LINE)


def test_compartments_of_a_cell_are_places_in_a_row() -> None:
    folder = GOLDEN / "f_bionet/expected"
    (file,) = (one for one in folder.glob("*.h5") if "all" in one.name)
    report = circuit.Report.open(file)
    ((name, population),) = report.items()
    traces = circuit.Traces(file, name, LINE)
    cell = int(population.node_ids[1])
    found = traces.compartments(cell)
    assert found is not None and found.elements.size > 1
    row = int(len(population.times) // 2)
    values = traces.row(population.times[row])
    np.testing.assert_allclose(values[found.columns], population[cell][row], rtol=1e-6)
    soma = int(np.flatnonzero(found.elements == 0)[0])
    assert traces.values(population.times[row])[cell] == values[found.columns][soma]
    assert traces.compartments(10**6) is None and traces.compartments(-1) is None


def test_values_get_colours() -> None:
    values = np.array([0.0, 0.5, 1.0, 2.0, np.nan], np.float32)
    colors = circuit.colorize(values, 0.0, 1.0, "viridis")
    expected = circuit.color_map("viridis", 3)
    np.testing.assert_allclose(colors[[0, 1, 2], :3], expected, atol=4e-3)
    np.testing.assert_array_equal(colors[3], colors[2])
    assert colors[4].tolist() == [0.5, 0.5, 0.5, 1.0]
    small = np.empty((5, 4), np.uint8)
    assert circuit.colorize(values, 0.0, 1.0, "viridis", out=small) is small
    np.testing.assert_allclose(small / 255, colors, atol=2e-3)
    linear = circuit.colorize(values[:1], 0.0, 1.0, "viridis", linear=True)
    assert (linear[0, :3] < colors[0, :3]).all()
    assert set(circuit.color_maps) >= {"viridis", "magma", "cividis", "gray", "RdBu_r"}
    with pytest.raises(ValueError, match='did you mean "viridis"'):
        circuit.color_map("virdis")
    with pytest.raises(ValueError, match='colors: there is no colour map "magmaa"'):
        circuit.scene_description({"network": "net.hdf5", "colors": "magmaa"})


def test_a_pulsar_with_another_end_is_as_one_that_was_made_with_it() -> None:
    spikes = spikes_of(40, 200)
    own = circuit.Pulsar(spikes, LINE, spike_duration=8.0, afterburn=40.0, floor=0.2)
    other = own.ending(own.last + 90)
    anew = circuit.Pulsar(spikes, LINE, 8.0, 40.0, 0.2, last=own.last + 90)
    assert (other.last, other.frame_end) == (anew.last, anew.frame_end)
    assert other.describe() == anew.describe() and other.last_change == own.last_change
    for frame in (0, 40.5, own.frame_end, other.frame_end - 3):
        np.testing.assert_array_equal(other.values(frame), anew.values(frame))
    np.testing.assert_array_equal(other.keys(3), anew.keys(3))
    assert own.frame_end < other.frame_end
    with pytest.raises(ValueError, match="last is inf"):
        own.ending(math.inf)
