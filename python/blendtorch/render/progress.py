"""Progress of the functions of a pool, by `rich`."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Tick:
    """The progress of one task: called with `total=n`, `advance=1` and what else `rich` knows."""

    def __init__(self, update: Callable[..., Any], changed: threading.Condition) -> None:
        """Made by `PoolProgress.add_task`."""
        self._update = update
        self._changed = changed
        self._total: float | None = None
        self._done = 0.0
        self._over = False

    def __call__(self, **values: Any) -> None:
        """Goes on."""
        with self._changed:
            if values.get("total") is not None:
                self._total = values["total"]
            self._done += values.get("advance") or 0
            self._changed.notify_all()
        self._update(**values)

    def end(self, error: BaseException | None = None) -> None:
        """The function has ended, with or without an error."""
        if error is not None and not self._over:
            self._update(description=f"[red]failed: {type(error).__name__}: {error}")
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self._over or (self._total is not None and self._done >= self._total)


class PoolProgress:
    """Progress bars of tasks that a pool works on.

        with BlenderClients.pool(2) as pool, PoolProgress() as progress:
            for file in files:
                tick = progress.add_task(f"Rendering {file}...")
                pool.apply_async(render, args=(file, tick))
            progress.wait()
            pool.close()
            pool.join()

    `wait` returns when each function has ended, whether it did all it meant to or raised.
    """

    def __init__(self, *columns: Any, auto_visible: bool = True, **kwargs: Any) -> None:
        """As `rich.progress.Progress`, whose arguments these are.

        Args:
            *columns: what is shown of each task.
            auto_visible: taken, for VisionSim's programs: tasks are always shown.
            **kwargs: further arguments of `rich.progress.Progress`.

        Raises:
            ImportError: `rich` is not installed.
        """
        try:
            from rich.progress import Progress
        except ImportError as error:
            raise ImportError("PoolProgress shows bars by rich: pip install rich") from error
        self.progress = Progress(*columns, **kwargs)
        self._changed = threading.Condition()
        self._ticks: list[Tick] = []

    def add_task(self, description: str, **kwargs: Any) -> Tick:
        """A bar, and the function that moves it."""
        kwargs.setdefault("total", None)
        task = self.progress.add_task(description, **kwargs)

        def update(**values: Any) -> None:
            if "description" in values:
                values["description"] = f"{description} {values['description']}"
            self.progress.update(task, **values)

        tick = Tick(update, self._changed)
        self._ticks.append(tick)
        return tick

    def wait(self, timeout: float | None = None) -> None:
        """Waits for the end of all tasks.

        Raises:
            TimeoutError: they have not ended within `timeout` seconds.
        """
        with self._changed:
            over = self._changed.wait_for(lambda: all(one.over for one in self._ticks), timeout)
        if not over:
            left = sum(not one.over for one in self._ticks)
            raise TimeoutError(f"{left} of {len(self._ticks)} tasks have not ended")

    def __enter__(self) -> "PoolProgress":
        """Shows the bars."""
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leaves them as they are."""
        self.progress.stop()
