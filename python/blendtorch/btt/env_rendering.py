"""Viewers: windows that show the images of an environment, one after another.

A viewer has `imshow(rgb)` and `close()`. Which there are is in `RENDER_BACKENDS`; a program may add
its own. The libraries behind them are imported when a viewer is made.
"""

import warnings
from collections.abc import Callable
from typing import Any


class MatplotlibRenderer:
    """Shows images in a matplotlib window.

    Without a display, or with a matplotlib that is set to draw into files, it warns once and draws
    into memory: `fig` is there, and can be saved.
    """

    def __init__(self, title: str | None = None, **kwargs: Any) -> None:
        """Opens the window.

        Args:
            title: of the window.
            kwargs: for `matplotlib.pyplot.subplots`, such as `figsize`.
        """
        self.fig: Any = None
        import matplotlib.pyplot as plt

        try:
            self.fig, self.ax = plt.subplots(1, 1, **kwargs)
        except ImportError:
            # A backend with windows was asked for, but there is no display.
            plt.switch_backend("agg")
            self.fig, self.ax = plt.subplots(1, 1, **kwargs)
        self._close = plt.close
        self.img: Any = None
        self.has_window = self.fig.canvas.required_interactive_framework is not None
        """Whether images are shown in a window."""
        if title is not None:
            self.ax.set_title(title)
        if self.has_window:
            plt.show(block=False)
        else:
            warnings.warn(
                "images are not shown: matplotlib has no window to draw in (no display, or "
                f"MPLBACKEND={plt.get_backend()})",
                stacklevel=2,
            )

    def imshow(self, rgb: Any) -> None:
        """Shows an image: H × W × 3 or 4, uint8, or floats from 0 to 1."""
        if self.fig is None:
            raise RuntimeError("this viewer is closed: make another")
        if self.img is None or self.img.get_array().shape != rgb.shape:
            self.ax.clear()
            self.img = self.ax.imshow(rgb)
        else:
            self.img.set_data(rgb)
        if self.has_window:
            self.fig.canvas.draw_idle()
            self.fig.canvas.flush_events()
        else:
            self.fig.canvas.draw()

    def close(self) -> None:
        """Closes the window; more than once does nothing."""
        fig, self.fig = getattr(self, "fig", None), None
        if fig is not None:
            self._close(fig)

    def __del__(self) -> None:
        self.close()


class OpenAIGymRenderer:
    """Shows images in the window of gym's classic control (gym before 0.22, which had one)."""

    def __init__(self, **kwargs: Any) -> None:
        """Opens the window; `kwargs` are for gym's `SimpleImageViewer`."""
        self._viewer: Any = None
        from gym.envs.classic_control import rendering

        self._viewer = rendering.SimpleImageViewer(**kwargs)

    def imshow(self, rgb: Any) -> None:
        """Shows an image: H × W × 3, uint8."""
        if self._viewer is None:
            raise RuntimeError("this viewer is closed: make another")
        self._viewer.imshow(rgb)

    def close(self) -> None:
        """Closes the window; more than once does nothing."""
        viewer, self._viewer = getattr(self, "_viewer", None), None
        if viewer is not None:
            viewer.close()

    def __del__(self) -> None:
        self.close()


RENDER_BACKENDS: dict[str, Callable[..., Any]] = {
    "openai": OpenAIGymRenderer,
    "matplotlib": MatplotlibRenderer,
}
"""What makes a viewer, by name."""

LOOKUP_ORDER = ["openai", "matplotlib"]
"""The order in which they are tried when none is named."""


def create_renderer(backend: str | None = None, **kwargs: Any) -> Any:
    """Makes a viewer: an object with `imshow(rgb)` and `close()`.

    Args:
        backend: `matplotlib`, `openai` (the window of old versions of gym), or another name in
            `RENDER_BACKENDS`; by default the first that works.
        kwargs: for the viewer.

    Raises:
        ValueError: there is no backend of that name.
        RuntimeError: its library is not installed, or none is.
    """
    if backend is not None and backend not in RENDER_BACKENDS:
        there = ", ".join(RENDER_BACKENDS)
        raise ValueError(f"no render backend {backend!r} (there: {there})")
    names = [name for name in LOOKUP_ORDER if name in RENDER_BACKENDS]
    failed = []
    for name in names if backend is None else [backend]:
        try:
            return RENDER_BACKENDS[name](**kwargs)
        except ImportError as error:
            failed.append(f"{name}: {error}")
        except Exception as error:
            # The window of old gyms fails in ways of its own where there is no display.
            if backend is not None or name == names[-1]:
                raise
            failed.append(f"{name}: {error}")
    raise RuntimeError(f"nothing to show images with ({'; '.join(failed)}): pip install matplotlib")
