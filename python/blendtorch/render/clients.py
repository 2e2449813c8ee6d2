"""Several Blenders that render one scene together."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, NoReturn

from .client import BlenderClient
from .gone import _gone
from .plain import absolute
from .started import started

if TYPE_CHECKING:
    from .pool import Pool


class BlenderClients(BlenderClient):
    """Several Blenders with one scene. Frames are dealt out as they ask for them.

        with BlenderClients.spawn(jobs=2, timeout=30, log="logs") as clients:
            clients.initialize("monkey.blend", "renders/monkey")
            clients.include_frames()
            clients.render_animation()

    What is done to the scene is done in each; what is asked is a tuple of what each says, or None
    where none says anything. `BlenderClients.pool` renders several scenes at a time.
    """

    _only_one = False

    @classmethod
    @contextmanager
    def spawn(  # type: ignore[override]  # a number of Blenders comes first, as in VisionSim
        cls,
        jobs: int = 1,
        timeout: float = -1.0,
        log: Any = None,
        autoexec: bool = False,
        executable: "str | PathLike[str] | None" = None,
        log_dir: "str | PathLike[str] | None" = None,
    ) -> "Iterator[BlenderClients]":
        """Starts Blenders, and ends them with the `with` block.

        Args:
            jobs: how many.
            timeout: see `BlenderClient.spawn`, as for the others.
            log: a folder for a log file of each.
            autoexec: whether scripts and drivers of files may run.
            executable: which Blender.
            log_dir: another name of `log`.
        """
        fleet = started(jobs, timeout, log if log is not None else log_dir, executable)
        try:
            clients = cls(fleet)
            clients._autoexec = autoexec
            yield clients
        finally:
            fleet.stop()

    @staticmethod
    def pool(
        jobs: int = 1,
        timeout: float = -1.0,
        log: Any = None,
        autoexec: bool = False,
        executable: "str | PathLike[str] | None" = None,
        conns: Any = None,
        log_dir: "str | PathLike[str] | None" = None,
    ) -> "Pool":
        """A pool of Blenders: its `map`, `apply_async` and so on hand one to the function.

            def render(client, blend_file):
                client.initialize(blend_file, f"renders/{Path(blend_file).stem}")
                client.include_frames()
                client.render_animation()

            with BlenderClients.pool(2) as pool:
                pool.map(render, ["a.blend", "b.blend", "c.blend"])

        Args:
            jobs: how many Blenders, each of which renders a scene at a time.
            timeout: see `spawn`, as for the others.
            log: a folder for a log file of each.
            autoexec: whether scripts and drivers of files may run.
            executable: which Blender.
            conns: not here.
            log_dir: another name of `log`.

        Raises:
            NotImplementedError: `conns` is given.
        """
        from .pool import Pool

        if conns is not None:
            _gone("pool(conns=…)", "a pool starts its Blenders itself: pool(jobs=n)")
        fleet = started(jobs, timeout, log if log is not None else log_dir, executable)
        return Pool(fleet, autoexec)

    def common_animation_range(self) -> range:
        """The range of frames that all have.

        Raises:
            RuntimeError: they differ.
        """
        return range(*self._common(self._ask("animation_range")))

    def common_animation_range_tuple(self) -> tuple[int, int, int]:
        """The same as first frame, last frame, step.

        Raises:
            RuntimeError: they differ.
        """
        first, last, step = self._common(self._ask("animation_range_tuple"))
        return first, last, step

    def save_file(self, path: "str | PathLike[str]") -> None:
        """Saves the scene of the first Blender; see `BlenderClient.save_file`."""
        self._ask("save_file", path=absolute(path), first_only=True)

    @staticmethod
    def _common(ranges: Any) -> list[int]:
        if any(one != ranges[0] for one in ranges):
            raise RuntimeError(f"the Blenders have other ranges of frames: {list(ranges)}")
        common: list[int] = ranges[0]
        return common

    def __len__(self) -> int:
        """How many Blenders."""
        return int(self._fleet.workers)

    def __iter__(self) -> NoReturn:
        """Raises NotImplementedError: they are one."""
        _gone("going through the clients", "a pool hands each a scene: BlenderClients.pool(n)")
