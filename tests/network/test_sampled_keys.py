"""Keys that are taken of any activity: exact at whole frames, and no more than the bends."""

import numpy as np
import pytest
from blendtorch.btb.network import sampled
from numpy.typing import NDArray


class Drawn:
    """An activity whose values at whole frames are given, frames × cells."""

    def __init__(self, rows: "NDArray[np.float32]") -> None:
        self.rows = rows
        self.n_cells = rows.shape[1]

    def fill(self, frame: float, out: "NDArray[np.float32]") -> int:
        out[:] = self.rows[int(frame)]
        return self.n_cells


@pytest.mark.parametrize("seed", range(5))
def test_keys_give_every_frame_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.uniform(0, 1, (40, 12)).astype(np.float32)
    rows[rng.uniform(size=rows.shape) < 0.8] = 0.25
    rows[:, 0] = 0.5
    rows[:, 1] = np.linspace(0, 1, 40)
    start, end = 3, 36
    keys = sampled.keys(Drawn(rows), start, end)
    assert len(keys) == 12
    for cell, pairs in enumerate(keys):
        frames, values = pairs.T
        assert (np.diff(frames) > 0).all() and frames[0] == start and frames[-1] <= end
        at = np.arange(start, end + 1)
        np.testing.assert_allclose(np.interp(at, frames, values), rows[at, cell], atol=1e-5)
    assert [len(one) for one in keys[:2]] == [1, 2]


def test_one_frame_has_one_key_a_cell() -> None:
    keys = sampled.keys(Drawn(np.ones((3, 4), np.float32)), 1, 1)
    assert [one.tolist() for one in keys] == [[[1.0, 1.0]]] * 4
