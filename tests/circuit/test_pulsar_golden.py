"""The pulsar has BSB's keys, and the values that Blender draws through them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import circuit
from support.runtimes import Runtime

GOLDEN = Path(__file__).resolve().parents[1] / "golden/network/bsb_v3/pulsar_keyframes.json"

# Keys as BSB inserts them, and what Blender makes of them at frames.
BLENDER = """
import json
with open(sys.argv[-1]) as file: asked = json.load(file)
answers = []
for cell in asked:
    empty = bpy.data.objects.new("cell", None)
    for frame, value in zip(*cell["keys"]):
        empty.color[0] = value
        empty.keyframe_insert("color", index=0, frame=frame)
    action = empty.animation_data.action
    curves = getattr(action, "fcurves", None) or action.layers[0].strips[0].channelbags[0].fcurves
    answers.append([curves[0].evaluate(frame) for frame in cell["frames"]])
    bpy.data.objects.remove(empty)
    bpy.data.actions.remove(action)
report(answers=answers)
"""


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


def floor_of(kind: str) -> float:
    return 0.0 if kind in ("granule_cell", "glomerulus") else 0.3


def pulsars() -> tuple[list[dict[str, Any]], dict[float, circuit.Pulsar]]:
    """The golden cells, as one population; and a pulsar of them for each value at rest."""
    cells = golden()["cells"]
    spikes = [(at, time) for at, cell in enumerate(cells) for time in cell.get("spikes_ms") or []]
    index = circuit.SpikeIndex(
        len(cells), [at for at, _ in spikes], np.array([time for _, time in spikes])
    )
    assert index.unsorted == 1 and index.n_spikes == len(spikes)
    return cells, {floor: circuit.Pulsar(index, floor=floor) for floor in (0.0, 0.3)}


def test_keys_are_those_of_the_original() -> None:
    cells, pulsar = pulsars()
    for at, cell in enumerate(cells):
        frames, values = pulsar[floor_of(cell["type"])].keys(at)
        expected = np.array(cell["keyframes"])
        np.testing.assert_allclose(np.stack([frames, values], 1), expected, rtol=0, atol=1e-6)
    assert len(cells) == 54
    assert {int(one.frame_end) for one in pulsar.values()} == {golden()["scene_frame_end"]}


def test_values_are_eased_as_blender_draws_them() -> None:
    cells, pulsar = pulsars()
    compared = 0
    for frame in range(61):
        values = {floor: one.values(frame) for floor, one in pulsar.items()}
        for at, cell in enumerate(cells):
            if drawn := cell.get("evaluated_each_frame_0_60"):
                value = values[floor_of(cell["type"])][at]
                # They have five digits.
                assert value == pytest.approx(drawn[frame], abs=1e-5), (cell["cell_id"], frame)
                compared += 1
    assert compared == 18 * 61


def test_random_trains_are_drawn_as_blender_evaluates_their_keys(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    random = np.random.default_rng(5)
    cells = 60
    index = random.integers(0, cells, 500).astype(np.uint32)
    # Some cells burst: pulses overlap, spikes share a frame.
    times = np.where(index % 3 == 0, random.uniform(0, 25, 500), random.uniform(0, 200, 500))
    spikes = circuit.SpikeIndex(cells, index, times)
    line = circuit.Timeline(fps=30.0, ms_per_s=20.0)
    pulsar = circuit.Pulsar(spikes, line, spike_duration=7.0, afterburn=25.0, floor=0.15)
    frames = np.concatenate([np.arange(-2.0, 350.0, 3.0), random.uniform(0, 350, 80)])
    asked = [
        {"keys": [part.tolist() for part in pulsar.keys(cell)], "frames": frames.tolist()}
        for cell in range(cells)
    ]
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    drawn = bpy_runtime.reported(tmp_path, BLENDER, str(tmp_path / "asked.json"))["answers"]
    ours = np.empty(cells, np.float32)
    moving = 0
    for at, frame in enumerate(frames):
        moving += pulsar.fill(frame, ours)
        np.testing.assert_allclose(ours, [one[at] for one in drawn], rtol=0, atol=1e-5)
    assert moving > 500


def test_populations_that_are_shown_together_fade_out_together() -> None:
    early = circuit.SpikeIndex(2, [0], [10.0])
    late = circuit.SpikeIndex(1, [0], [90.0])
    ends = [circuit.Pulsar(spikes).last_change for spikes in (early, late)]
    both = [circuit.Pulsar(spikes, last=max(ends)) for spikes in (early, late)]
    assert both[0].frame_end == both[1].frame_end > circuit.Pulsar(early).frame_end
    for pulsar in both:
        frames, values = pulsar.keys(0)
        assert frames[-1] == pulsar.frame_end and values[-2:].tolist() == [0.3, 0.0]
        assert pulsar.values(pulsar.frame_end).max() == 0.0
        assert pulsar.values(max(ends) + 1).max() == pytest.approx(0.3)
