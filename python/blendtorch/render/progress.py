"""Progress of the functions of a pool, by `rich`."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

Update = Callable[..., Any]
"""A progress function: called with `total=n` once, then with `advance=1` for each frame."""


class Tick:
    """The progress of one task: called with `total=n`, `advance=1` and what else `rich` knows."""

    def __init__(self, update: "Callable[..., Any]", changed: threading.Condition) -> None:
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
                self._total = float(values["total"])
            if values.get("completed") is not None:
                self._done = float(values["completed"])
            self._done += values.get("advance") or 0
        self._update(self, **values)
        # Who waits may end the bars.
        with self._changed:
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        """The function has ended, with or without an error."""
        with self._changed:
            if self._over:
                return
            self._over = True
        if error is not None:
            self._update(self, failed=f"{type(error).__name__}: {error}")
        else:
            self._update(self)
        with self._changed:
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self._over or (self._total is not None and self._done >= self._total)

    @property
    def part(self) -> float:
        """How much of it is done, from 0 to 1."""
        if self.over:
            return 1.0
        return self._done / self._total if self._total else 0.0


class PoolProgress:
    """Progress bars of tasks that a pool works on.

        with BlenderClients.pool(2) as pool, PoolProgress() as progress:
            for file in files:
                tick = progress.add_task(f"Rendering {file}...")
                pool.apply_async(render, args=(file, tick))
            progress.wait()
            pool.close()
            pool.join()

    `wait` returns when each function that was given a `tick` has ended, whether it did all it meant
    to or raised. What else `rich.progress.Progress` has is here too (`console`, `columns`, …).
    """

    def __init__(
        self,
        *columns: Any,
        auto_visible: bool = True,
        description: str = "[green]Total progress:",
        **kwargs: Any,
    ) -> None:
        """As `rich.progress.Progress`, whose arguments these are.

        Args:
            *columns: what is shown of each task.
            auto_visible: tasks that have not begun are not shown, nor those that are done.
            description: what stands before the bar of all tasks.
            **kwargs: further arguments of `rich.progress.Progress`.

        Raises:
            ImportError: `rich` is not installed.
        """
        try:
            from rich import progress as rich
        except ImportError as error:
            raise ImportError("PoolProgress shows bars by rich: pip install rich") from error
        usual = (
            rich.TextColumn("[progress.description]{task.description}"),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.TimeRemainingColumn(elapsed_when_finished=True),
        )
        self.progress = rich.Progress(*(columns or usual), **kwargs)
        self._auto_visible = auto_visible
        self._all = self.progress.add_task(description, total=None)
        self._changed = threading.Condition()
        self._ticks: list[Tick] = []

    def add_task(self, description: str, **kwargs: Any) -> Tick:
        """A bar, and the function that moves it."""
        kwargs.setdefault("total", None)
        if self._auto_visible:
            kwargs.setdefault("visible", False)
        task = self.progress.add_task(description, **kwargs)

        def update(tick: Tick, failed: str | None = None, **values: Any) -> None:
            if failed is not None:
                from rich.markup import escape

                values["description"] = f"{description} [red]{escape(failed)}"
            if self._auto_visible:
                values.setdefault("visible", failed is not None or not tick.over)
            self.progress.update(task, **values)
            done = sum(one.part for one in self._ticks)
            self.progress.update(self._all, completed=done, total=len(self._ticks))

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

    def __getattr__(self, name: str) -> Any:
        """What `rich.progress.Progress` has of this name."""
        if name == "progress":
            raise AttributeError(name)
        return getattr(self.progress, name)

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
