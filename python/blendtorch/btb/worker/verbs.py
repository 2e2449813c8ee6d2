"""The verbs of the service `render`, by which a head works with this Blender."""

from typing import Any

from . import networks, opening, run, steps
from .answers import answered
from .opened import Opened
from .places import folder_of, same_folder, scratch_of
from .prepared import Prepared
from .sequential import reasons


class Worker:
    """The file that is open, and what is prepared to be rendered of it."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._opened: Opened | None = None
        self._prepared: Prepared | None = None

    def verbs(self) -> dict[str, Any]:
        """The functions of the service, by name."""
        names = ("open", "apply", "prepare", "table", "run", "flush", "close")
        return {name: getattr(self, name) for name in names}

    @answered
    def open(
        self, scene: str, autoexec: bool = False, options: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Opens a file; see `opening.open_file`. What was open before is closed."""
        self._close()
        self._opened, about = opening.open_file(scene, bool(autoexec), options or {})
        return about

    @answered
    def apply(self, steps: list[Any]) -> list[Any]:
        """Calls steps, each `[name, {arguments}]`, in order; what they return. The first that
        fails ends it: those before it are done."""
        return self._apply(steps)

    @answered
    def prepare(
        self,
        passes: dict[str, dict[str, Any] | None],
        spec: dict[str, Any] | None = None,
        folder: str | None = None,
        previews: bool | None = None,
        ids: dict[str, Any] | None = None,
        sequential: bool = False,
        persistent: bool = True,
        dry_run: bool = False,
        tag: str = "",
        scratch: str | None = None,
        probe: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Prepares renders of these passes.

        Args:
            passes: their options by their names.
            spec: what is written of them; None is nothing.
            folder: where, until the head has named the files.
            previews: whether previews are written; None as `spec` says.
            ids: `{"instances": {name: [id, category]}, "materials": {name: id}}`.
            sequential: play all frames before one that is rendered.
            persistent: keep Cycles' data between frames.
            dry_run: neither render nor write.
            tag: what events say instead of the folder, where there is none.
            scratch: a folder of this host, where files are made on their way to `folder`.
            probe: what the head has laid into the folder of the job; see `places.same_folder`.
        """
        opened = self._open()
        opened.camera  # noqa: B018 (whether there is one)
        self._forget()
        told = networks.settle(opened.scene)
        if spec is not None and previews is not None:
            spec = {**spec, "previews": previews}
        if spec is not None:  # Composites Blender itself writes.
            files = [file for file in spec.get("files", ()) if file.get("pass") != "composites"]
            spec = {**spec, "files": files}
        if "composites" in passes and folder is None and not dry_run:
            raise ValueError("composites are files that Blender writes: give a folder")
        ids = ids or {}
        if probe is not None:  # Before anything is made there.
            same_folder(**probe)
        place = folder_of(folder)
        prepared = Prepared(
            passes={name: dict(options or {}) for name, options in passes.items()},
            spec=spec,
            folder=place,
            scratch=None if place is None or dry_run else scratch_of(scratch, place),
            sequential=bool(sequential),
            persistent=bool(persistent),
            dry_run=bool(dry_run),
            tag=tag,
            instances=dict(ids.get("instances", {})),
            materials=dict(ids.get("materials", {})),
        )
        try:
            things = prepared.things()
            warnings = [*told, *prepared.warnings()]
        except BaseException:
            prepared.close()
            raise
        self._prepared = prepared
        return {
            **things.plain(),
            "engine": networks.engine(opened.scene),
            "sequential": reasons(opened.scene, opened.autoexec),
            "warnings": warnings,
        }

    @answered
    def table(
        self, instances: dict[str, Any] | None = None, materials: dict[str, Any] | None = None
    ) -> None:
        """Gives ids, beside those that are given."""
        self._ready().give(instances or {}, materials or {})

    @answered
    def run(self, frames: list[int], flush: bool = True) -> dict[str, Any]:
        """Renders frames; see `run.run`. Without `flush` the last one may still be written."""
        opened, prepared = self._open(), self._ready()
        done = run.run(opened, prepared, frames)
        if flush:
            prepared.flush()
        return done

    @answered
    def flush(self) -> None:
        """Waits until all that was rendered is written."""
        if self._prepared is not None:
            self._prepared.flush()

    @answered
    def close(self) -> None:
        """Back to factory settings."""
        self._close()

    def leave(self) -> None:
        """What is being written is written; this process ends."""
        self._forget()

    def _apply(self, wanted: list[Any]) -> list[Any]:
        opened = self._open()
        values = []
        for one in wanted:
            name, arguments = _pair(one)
            found = steps.known(name)
            if found.renews and self._prepared is not None:
                self._prepared.give_back()
            if not found.timeless:
                opened.at_its_frame()
            values.append(steps.apply(opened, name, arguments))
            if not found.timeless:
                opened.stays_here()
            if self._prepared is not None:  # What was played may be another animation now.
                self._prepared.walk = None
        return values

    def _open(self) -> Opened:
        if self._opened is None:
            raise RuntimeError("no scene is open: call open(scene) first")
        return self._opened

    def _ready(self) -> Prepared:
        if self._prepared is None:
            raise RuntimeError("nothing is prepared to be rendered: call prepare(passes, …) first")
        return self._prepared

    def _forget(self) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            prepared.close()

    def _close(self) -> None:
        self._forget()
        opened, self._opened = self._opened, None
        if opened is not None:
            opening.close(opened)


def _pair(step: Any) -> tuple[str, dict[str, Any]]:
    """A step's name and arguments.

    Raises:
        TypeError: it is none.
    """
    match step:
        case [str(name), dict(arguments)]:
            return name, arguments
    raise TypeError(f"a step must be a pair [name, {{arguments}}], not {step!r}")
