"""`btt.colors` and viewers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from blendtorch import btt
from support import HANG_S


def test_conformance_surface_gamma_brightens_colors_and_keeps_alpha() -> None:
    x = np.arange(256, dtype=np.uint8).repeat(4).reshape(16, 16, 4)
    y = btt.colors.gamma(x)
    assert y.dtype == np.uint8 and y.shape == x.shape
    np.testing.assert_array_equal(y[..., 3], x[..., 3])
    exact = 255 * (x[..., :3] / 255.0) ** (1 / 2.2)
    assert (y[..., :3] <= exact + 1e-3).all() and (exact - y[..., :3] < 1.001).all()
    np.testing.assert_array_equal(btt.colors.gamma(x[..., :3]), y[..., :3])
    np.testing.assert_array_equal(btt.colors.gamma(x, coeff=1)[..., :3], x[..., :3])
    assert (btt.colors.gamma(x, 3.0)[8, 0, :3] > y[8, 0, :3]).all()
    # A value of another type is one of 0 to 255 too.
    np.testing.assert_array_equal(btt.colors.gamma(x.astype(np.float32)), y)


def test_gamma_refuses_what_is_no_image() -> None:
    with pytest.raises(ValueError, match=r"shape \(4, 5\).*3 or 4 channels"):
        btt.colors.gamma(np.zeros((4, 5), np.uint8))
    with pytest.raises(ValueError, match="coeff is 0"):
        btt.colors.gamma(np.zeros((4, 3), np.uint8), coeff=0)


def test_conformance_surface_a_viewer_without_a_display_warns_and_draws(tmp_path: Path) -> None:
    code = """
import sys, warnings
import numpy as np
from blendtorch import btt
assert "matplotlib" not in sys.modules, "only a viewer needs it"
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    viewer = btt.create_renderer(*sys.argv[1:])
    for level in (50, 200):
        viewer.imshow(np.full((4, 6, 3), level, np.uint8))
    viewer.imshow(np.zeros((8, 8, 4), np.uint8))
    viewer.imshow(np.full((8, 8, 4), 255, np.uint8))
assert [w.category for w in said] == [UserWarning], [str(w.message) for w in said]
assert "not shown" in str(said[0].message)
assert viewer.img.get_array().min() == 255 and not viewer.has_window
viewer.close(); viewer.close()
try: viewer.imshow(np.zeros((4, 6, 3)))
except RuntimeError as error: print(error)
"""
    base = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    for arguments, more in ([], {}), (["matplotlib"], {"MPLBACKEND": "tkagg"}):
        env = {**base, **more, "MPLCONFIGDIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=env,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "closed" in done.stdout


def test_conformance_surface_a_viewer_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from blendtorch.btt import env_rendering

    class Viewer:
        def __init__(self, **kw: object) -> None:
            self.kw = kw

    class Missing:
        def __init__(self, **_: object) -> None:
            raise ImportError("no module named x")

    with pytest.raises(ValueError, match=r"'glasses'.*there: openai, matplotlib"):
        btt.create_renderer("glasses")
    monkeypatch.setattr(env_rendering, "RENDER_BACKENDS", {"a": Missing, "b": Viewer})
    monkeypatch.setattr(env_rendering, "LOOKUP_ORDER", ["nothing", "a", "b"])
    assert btt.create_renderer(size=3).kw == {"size": 3}
    with pytest.raises(RuntimeError, match=r"a: no module named x.*pip install matplotlib"):
        btt.create_renderer("a")
    monkeypatch.setattr(env_rendering, "LOOKUP_ORDER", ["a"])
    with pytest.raises(RuntimeError, match="pip install matplotlib"):
        btt.create_renderer()
