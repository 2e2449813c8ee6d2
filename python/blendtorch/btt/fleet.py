"""Asking a fleet: how its instances are, what they are to do next."""

import json
from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any

from .._blendtorch import FleetClient


class Fleet:
    """A fleet of this user's that runs on this machine, whoever launched it.

        fleet = btt.Fleet("launch_info.json")
        for instance in fleet.status()["instances"]:
            print(instance["index"], instance["state"], instance["messages"])
        fleet.set(light=3.5)                    # what the scene registered with btb.parameters
        fleet.call("scene", "save", path="/tmp/now.blend")

    `BlenderLauncher.fleet` is that of a launcher of this program. Errors: KeyError where there is
    no such parameter, service or instance; ValueError for a value of the wrong type or beyond its
    bounds; TimeoutError where an instance does not answer in time; ConnectionError where it, or
    the fleet, does not run; RuntimeError where what was called raised an error.
    """

    def __init__(
        self, launch_info: "str | PathLike[str] | None" = None, *, name: str | None = None
    ) -> None:
        """Finds it.

        Args:
            launch_info: the file that its launcher wrote; without one, the only fleet there is.
            name: its name, as the launch info has it under `fleet`.

        Raises:
            ConnectionError: no such fleet of this user runs on this machine.
        """
        path = None if launch_info is None else fspath(launch_info)
        self._client = FleetClient(name, path)

    def status(self, counters: bool = True) -> dict[str, Any]:
        """How it is: `fleet`, `launcher` (its process), `runs_for` (seconds), `restart`,
        `min_instances` and `instances`, a list of dicts.

        Of each: `index`, `mode` ("running", "restarting", "ended", "failed"), `pid`, `life` (from
        1), `restarts`, `state` ("starting", "rendering", "waiting_for_consumer",
        "waiting_for_agent", "waiting_for_request", "quiet"), `state_for` and `since_progress`
        (seconds), `frames`, `latest_frame` and `slowest_frame` (seconds), `episode`, `sample`,
        `messages` (of this life) and `messages_in_all`, `memory` (bytes), `lives` (those that are
        over, each with its `end`), `report` (last words), `about` (versions, engine, services,
        parameters), and with `counters`, for which each instance is asked, `counters` (samples,
        bytes, seconds of each stage).
        """
        status: dict[str, Any] = json.loads(self._client.status(counters))
        return status

    def set(self, instances: Iterable[int] | None = None, /, **values: Any) -> None:
        """Gives parameters these values before the next frame of these instances, or of all: all
        values or none of them. An instance that starts again has the script's own.

        Raises:
            KeyError: no script has registered such a parameter.
            ValueError: a value of the wrong type, or beyond its bounds.
        """
        self._client.set(_json(values), _listed(instances))

    def call(
        self,
        service: str,
        name: str,
        /,
        *,
        instance: int = 0,
        timeoutms: float | None = 60_000,
        **arguments: Any,
    ) -> Any:
        """Calls a function that the script of an instance has registered with `btb.services`, on
        its main thread between two frames; what it returns.

        Raises:
            KeyError: there is no such service, function or instance.
            RuntimeError: the function raised; the text ends as its traceback does.
            TimeoutError: it did not come to an end within `timeoutms`; it may still.
        """
        return json.loads(self._client.call(instance, service, name, _json(arguments), timeoutms))

    def stop(self, instances: Iterable[int] | None = None, why: str = "asked to") -> None:
        """Has these instances, or all, end in order after their episode."""
        self._client.stop(why, _listed(instances))


def _json(values: dict[str, Any]) -> str:
    try:
        return json.dumps(values, allow_nan=False, default=_plain)
    except ValueError as error:
        raise ValueError(f"{error}: numbers that are none cannot travel") from None


def _plain(value: Any) -> Any:
    """What numpy and torch have, as Python has it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot travel: give numbers, texts, lists or dicts")


def _listed(instances: Iterable[int] | None) -> list[int] | None:
    return None if instances is None else list(instances)
