"""What one Gymnasium environment in Blender and several have in common."""

import contextlib
import itertools
import os
from collections.abc import Mapping
from contextlib import ExitStack
from os import PathLike
from typing import Any

from .env import SOCKET, EnvLauncher, RemoteEnv, script_arguments
from .gymnasium_spaces import declared


def launch_envs(
    stack: ExitStack,
    scene: str | PathLike[str] | None,
    script: str | PathLike[str],
    count: int,
    background: bool,
    timeoutms: float | None,
    blender: str | PathLike[str] | None,
    env: Mapping[str, str] | None,
    kwargs: dict[str, Any],
    seed: int | None,
) -> list[RemoteEnv]:
    """Launches instances until the stack is closed; an environment for each."""
    if count < 1:
        raise ValueError(f"num_envs must be at least 1, not {count}")
    launcher = stack.enter_context(
        EnvLauncher(
            scene,
            script,
            count,
            named_sockets=[SOCKET],
            proto="ipc",
            instance_args=[script_arguments(kwargs)] * count,
            background=background,
            blender=blender,
            env=env,
            seed=seed,
        )
    )
    if count > 1:
        _spread([instance["pid"] for instance in launcher.status() if instance["running"]])
    envs = []
    for address in launcher.launch_info.addresses[SOCKET]:
        remote = RemoteEnv(address, timeoutms)
        remote._watch = launcher.assert_alive
        stack.callback(remote.close)
        envs.append(remote)
    return envs


# Counts over all vector environments of this process, so that two do not share their cores.
_placed = itertools.count()


def _spread(pids: list[int]) -> None:
    """Gives each instance a core of its own, where there are as many. Those that are woken at the
    same moment the kernel likes to put on one, where they wait for each other: four then step 1.2
    times as often as one does (a single moving object) or 2.4 times (images of 64 x 64), and with
    a core each 1.9 and 3.5 times."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(pids) > len(cores):
        return
    for pid in pids:
        core = cores[next(_placed) % len(cores)]
        with contextlib.suppress(OSError):  # It has ended, which the first command tells.
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), {core})


def check_render_mode(mode: str | None, metadata: Mapping[str, Any]) -> None:
    if mode is not None and mode not in metadata["render_modes"]:
        raise ValueError(f"render_mode is None or one of {metadata['render_modes']}, not {mode!r}")


def spaces_of(env: RemoteEnv, observation: Any, action: Any) -> tuple[Any, Any, int]:
    """Gymnasium's spaces of observations and actions, and frames per second."""
    description = env.describe()
    spaces = []
    for name, given in [("observation_space", observation), ("action_space", action)]:
        space = declared(description[name]) if given is None else given
        if space is None:
            raise ValueError(
                f"the scene declares no {name}: set it in its BaseEnv (btb.spaces), or pass {name}"
            )
        spaces.append(space)
    return spaces[0], spaces[1], round(description["fps"])


def ended(done: bool, info: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the episode was terminated, and whether truncated."""
    truncated = bool(info.get("truncated", False))
    return bool(info.get("terminated", done and not truncated)), truncated


def told(info: dict[str, Any]) -> dict[str, Any]:
    """What is told beside the five values: what the scene added, and the frame."""
    hidden = ("done", "reward", "prev_action", "terminated", "truncated")
    return {name: value for name, value in info.items() if name not in hidden}
