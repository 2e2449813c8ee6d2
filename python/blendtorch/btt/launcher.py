"""Launching Blender instances from Python."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from os import PathLike, fspath, pathsep
from os.path import isfile
from typing import IO, Any

from .._blendtorch import Fleet, find_blender
from .epochs import leave
from .errors import InstanceFailedError
from .fleet import Fleet as AskedFleet
from .processes import InstanceProcess


class LaunchInfo:
    """How to reach the instances, and how they were started."""

    def __init__(
        self,
        addresses: dict[str, list[str]],
        commands: list[str],
        processes: "list[InstanceProcess] | None" = None,
        fleet: str | None = None,
    ) -> None:
        self.addresses = addresses
        """Addresses of all instances, by socket name."""
        self.commands = commands
        """The command line of each instance."""
        self.processes = processes
        """The process of each instance, where they were launched here; None where this was loaded
        from a file."""
        self.fleet = fleet
        """The name by which this user's programs on the instances' machine ask how they are."""

    @staticmethod
    def save_json(file: str | PathLike[str] | IO[str], launch_info: "LaunchInfo") -> None:
        """Writes a launch info to a path or an open text file. At a path it appears whole: who
        waits for it, or follows it, never sees half."""
        info = {"addresses": launch_info.addresses, "commands": launch_info.commands}
        if launch_info.fleet is not None:
            info["fleet"] = launch_info.fleet
        text = json.dumps(info, indent=4)
        if isinstance(file, str | PathLike):
            _write_whole(fspath(file), text)
        else:
            file.write(text)

    @staticmethod
    def load_json(file: str | PathLike[str] | IO[str]) -> "LaunchInfo":
        """Reads a launch info from a path or an open text file."""
        if isinstance(file, str | PathLike):
            with open(file, encoding="utf-8") as opened:
                data = json.load(opened)
        else:
            data = json.load(file)
        return LaunchInfo(data["addresses"], data["commands"], fleet=data.get("fleet"))


def _write_whole(path: str, text: str) -> None:
    # What is there and is no plain file (/dev/stdout, a pipe) must not be replaced by one.
    beside = path if os.path.exists(path) and not isfile(path) else f"{path}.{os.getpid()}"
    with open(beside, "w", encoding="utf-8") as opened:
        opened.write(text)
    if beside != path:
        os.replace(beside, path)


class BlenderLauncher:
    """Runs Blender instances while its `with` block lasts.

    with btt.BlenderLauncher("", "cube.blend.py", named_sockets=["DATA"]) as bl:
        addresses = bl.launch_info.addresses["DATA"]

    Leaving ends every process, its children too; so does whatever ends this program. Where an
    instance has failed by itself before that, and nobody was told (by the loop over its stream,
    `assert_alive`, `wait`, `status`), leaving raises InstanceFailedError with its last words.
    """

    _tells = True  # An environment's commands tell of its end; its launcher need not.

    def __init__(
        self,
        scene: str | PathLike[str] | None,
        script: str | PathLike[str],
        num_instances: int = 1,
        named_sockets: Sequence[str] | None = None,
        start_port: int = 11000,
        bind_addr: str = "127.0.0.1",
        instance_args: Sequence[Sequence[str]] | None = None,
        proto: str = "tcp",
        blend_path: str | PathLike[str] | None = None,
        seed: int | None = None,
        background: bool = False,
        *,
        blender: str | PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        log_dir: str | PathLike[str] | None = None,
        restart: str = "on-abnormal",
        min_instances: int = 1,
        max_memory: int | str | None = None,
        hang_after: int = 120,
    ) -> None:
        """Stores what to launch.

        Args:
            scene: the .blend file to open; None or "" starts from Blender's own scene.
            script: the scene script that every instance runs.
            num_instances: how many instances.
            named_sockets: names of the sockets that each binds, such as ["DATA"].
            start_port: socket `s` of instance `i` has start_port + s * num_instances + i.
            bind_addr: what the sockets bind; "primaryip" is the address of the default route.
            instance_args: further arguments, one list an instance.
            proto: "tcp" or "ipc".
            blend_path: a Blender program, a folder with one, or an environment with bpy.
            seed: of instance 0; instance `i` gets seed + i. None draws one.
            background: run without a window, as without a display in any case. The managed Blender
                never has one.
            blender: "bpy" for the managed Blender, or all that blend_path takes.
            env: variables set for every instance, beside those of this process.
            log_dir: a folder for `instance-<i>.log`, to which all that instance i prints is
                appended.
            restart: after which ends an instance is started again: "never", "on-abnormal" (a
                signal, a hang, too much memory), "on-failure" (also an error of the script),
                "always". It keeps number, addresses and arguments and goes on with its next
                episode; one that ends again and again without delivering anything has failed.
            min_instances: the fleet ends once fewer are left that have not failed.
            max_memory: an instance with more is started again after its episode: bytes, or as in
                "4 GiB". None: it may have any.
            hang_after: an instance that renders and makes no progress for so many seconds, and for
                ten times its slowest frame, hangs; 0: none does.
        """
        self._description = {
            "scene": fspath(scene) if scene else None,
            "script": fspath(script),
            "num_instances": num_instances,
            "named_sockets": list(named_sockets or []),
            "start_port": start_port,
            "bind_addr": bind_addr,
            "instance_args": [list(map(str, args)) for args in instance_args or []],
            "proto": proto,
            "blend_path": fspath(blend_path) if blend_path else None,
            "blender": fspath(blender) if blender else None,
            "env": {str(name): str(value) for name, value in (env or {}).items()},
            "log_dir": fspath(log_dir) if log_dir else None,
            "seed": seed,
            "background": background,
            "restart": restart,
            "min_instances": min_instances,
            "max_memory": max_memory,
            "hang_after": hang_after,
        }
        self._fleet: Fleet | None = None
        self._launch_info: LaunchInfo | None = None

    @property
    def launch_info(self) -> LaunchInfo:
        """Addresses and command lines of the running instances."""
        if self._launch_info is None:
            raise RuntimeError("nothing is launched yet: use `with BlenderLauncher(...) as bl:`")
        return self._launch_info

    @property
    def fleet(self) -> AskedFleet:
        """The running instances, to ask how they are and to tell them what to do."""
        name = self._running().name()
        if name is None:
            raise ConnectionError("this fleet cannot be asked; a warning at its start says why")
        return AskedFleet(name=name)

    def __enter__(self) -> "BlenderLauncher":
        if self._fleet is not None:
            raise RuntimeError("this launcher's instances run already: make another for more")
        self._fleet = Fleet(json.dumps(self._description))
        info = json.loads(self._fleet.launch_info())
        processes = [
            InstanceProcess(self._fleet, index, command)
            for index, command in enumerate(info["commands"])
        ]
        name = info.get("fleet")
        self._launch_info = LaunchInfo(info["addresses"], info["commands"], processes, name)
        for warning in self._fleet.warnings():
            print(warning, file=sys.stderr)
        return self

    def __exit__(self, *args: Any) -> None:
        if self._fleet is None:
            return
        error = args[1] if len(args) > 1 else None
        fleet, self._fleet = self._fleet, None
        if self._launch_info is not None:
            leave(address for some in self._launch_info.addresses.values() for address in some)
        untold = fleet.stop(error is None and self._tells)
        if untold and self._tells:
            if error is None:
                raise InstanceFailedError(untold)
            if isinstance(error, Exception):
                error.add_note(untold)

    def assert_alive(self) -> None:
        """Raises LaunchError unless every instance runs, or will again; says which do not, and
        why. One whose publisher has said that it failed does not, and is waited for a while to
        end."""
        self._running().assert_alive()

    def wait(self) -> list[int]:
        """Waits until every instance has ended; their exit codes, -N where signal N ended it."""
        return self._running().wait()

    def status(self) -> list[dict[str, Any]]:
        """One dict an instance: `index`, `pid`, `running`, `restarting`, `life` (from 1),
        `exit_code`, `signal`, `failed` (for good), `report` (several lines for people)."""
        return self._running().status()

    def _running(self) -> Fleet:
        if self._fleet is None:
            raise RuntimeError("nothing is launched: use `with BlenderLauncher(...) as bl:`")
        return self._fleet


def discover_blender(
    additional_blender_paths: str | PathLike[str] | None = None,
) -> dict[str, Any] | None:
    """The Blender that would run: {"path", "major", "minor"}, or None if there is none.

    Args:
        additional_blender_paths: where to look first: folders, separated as in `PATH` (each may
            also be an environment with bpy), and after them where it is always looked. One
            program is asked about alone.
    """
    places = fspath(additional_blender_paths or "").split(pathsep)
    found = None
    for place in filter(None, places):
        found = found or find_blender(place)
    if found is None and not any(map(isfile, places)):
        found = find_blender(None)
    if found is None:
        return None
    path, major, minor = found
    return {"path": path, "major": major, "minor": minor}
