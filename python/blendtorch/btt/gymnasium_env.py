"""Gymnasium environments that run in Blender: one, or N beside each other."""

import contextlib
import itertools
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from typing import Any

import numpy as np

from .env import SOCKET, RemoteEnv, script_arguments
from .gymnasium_spaces import declared, fitted, plain
from .launcher import BlenderLauncher

try:
    import gymnasium
    from gymnasium.spaces import Box
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
except ImportError as error:
    raise ImportError("BlenderEnv needs gymnasium: pip install gymnasium") from error


class BlenderEnv(gymnasium.Env[Any, Any]):
    """A scene with a `btb.BaseEnv`, launched in one Blender, as a Gymnasium environment.

        env = btt.BlenderEnv("", "cartpole.blend.py", render_mode="rgb_array")
        obs, info = env.reset(seed=7)
        obs, reward, terminated, truncated, info = env.step(env.action_space.sample())

    The scene declares its spaces (`btb.spaces`). It may return `terminated` and `truncated` beside
    `obs` and `reward`; else `done` is taken for terminated, and the end of the frame range for
    truncated. `render()` is linear RGB, rendered when it is asked for.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 24}  # noqa: RUF012

    def __init__(
        self,
        scene: str | PathLike[str] | None,
        script: str | PathLike[str],
        background: bool = True,
        *,
        render_mode: str | None = None,
        observation_space: Any = None,
        action_space: Any = None,
        timeoutms: int = 10000,
        blender: str | PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Launches the scene and asks for its spaces.

        Args:
            scene: the .blend file, or "".
            script: the script that runs the environment at the socket `GYM`.
            background: without a window.
            render_mode: None or "rgb_array".
            observation_space: Gymnasium's space, if the scene declares none.
            action_space: the same for actions.
            timeoutms: as of `RemoteEnv`.
            blender: as of `BlenderLauncher`.
            env: as of `BlenderLauncher`.
            kwargs: arguments of the script, as of `launch_env`.
        """
        _check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self._stack = ExitStack()
        try:
            (self._env,) = _launch(
                self._stack, scene, script, 1, background, timeoutms, blender, env, kwargs, None
            )
            spaces = _spaces(self._env, observation_space, action_space)
        except BaseException:
            self._stack.close()
            raise
        self.observation_space, self.action_space, fps = spaces
        self.metadata = {**self.metadata, "render_fps": fps}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode. The seed also seeds the scene's random numbers (`np_random` there)."""
        super().reset(seed=seed)
        obs, info = self._env.reset(seed, options)
        return fitted(self.observation_space, obs, "observation"), _told(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Applies an action and advances by one frame."""
        self._env.begin_step(plain(action))
        obs, reward, done, info = self._env.finish_step()
        terminated, truncated = _ended(done, info)
        obs = fitted(self.observation_space, obs, "observation")
        return obs, float(reward), terminated, truncated, _told(info)

    def render(self) -> Any:
        """An image of the present state, uint8 H x W x 3, linear; None without a render mode."""
        return None if self.render_mode is None else self._env.render_now()

    def close(self) -> None:
        """Ends the Blender."""
        self._stack.close()


class BlenderVectorEnv(VectorEnv[Any, Any, Any]):
    """The same scene in N Blenders, stepped at the same time, as a Gymnasium vector environment.

    Each Blender has a core of its own where there are as many.

    Its autoreset mode is NEXT_STEP, Gymnasium's usual one: the step after one that ended an episode
    ignores its action and returns the first observation of the next, with a reward of 0.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - as Gymnasium has it
        "render_modes": ["rgb_array"],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        scene: str | PathLike[str] | None,
        script: str | PathLike[str],
        num_envs: int,
        background: bool = True,
        *,
        render_mode: str | None = None,
        observation_space: Any = None,
        action_space: Any = None,
        timeoutms: int = 10000,
        blender: str | PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Launches `num_envs` instances; instance `i` has the seed `seed + i`. All else is as of
        `BlenderEnv`."""
        _check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.num_envs = num_envs
        self._stack = ExitStack()
        try:
            self._envs = _launch(
                self._stack,
                scene,
                script,
                num_envs,
                background,
                timeoutms,
                blender,
                env,
                kwargs,
                seed,
            )
            spaces = _spaces(self._envs[0], observation_space, action_space)
        except BaseException:
            self._stack.close()
            raise
        self.single_observation_space, self.single_action_space, fps = spaces
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {**self.metadata, "render_fps": fps}
        self._ended = np.zeros(num_envs, dtype=bool)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in each; a single seed `s` seeds environment `i` with `s + i`."""
        if seed is None or isinstance(seed, int | np.integer):
            seeds = [None if seed is None else int(seed) + i for i in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds were given for {self.num_envs} environments")
        super().reset(seed=seeds[0])
        for env, each in zip(self._envs, seeds, strict=True):
            env.begin_reset(each, options)
        results = self._finish([RemoteEnv.finish_reset] * self.num_envs)
        self._ended[:] = False
        observations = [obs for obs, _ in results]
        return self._stacked(observations), self._infos([_told(info) for _, info in results])

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Applies one action to each and advances all by one frame."""
        finish: list[Any] = []
        for env, action, ended in zip(
            self._envs, iterate(self.action_space, actions), self._ended, strict=True
        ):
            if ended:
                env.begin_reset()
                finish.append(RemoteEnv.finish_reset)
            else:
                env.begin_step(plain(action))
                finish.append(RemoteEnv.finish_step)
        observations, infos = [], []
        rewards = np.zeros(self.num_envs)
        terminations = np.zeros(self.num_envs, dtype=bool)
        truncations = np.zeros(self.num_envs, dtype=bool)
        for i, result in enumerate(self._finish(finish)):
            obs, info = result[0], result[-1]
            if len(result) == 4:
                rewards[i] = result[1]
                terminations[i], truncations[i] = _ended(result[2], info)
            observations.append(obs)
            infos.append(_told(info))
        self._ended = terminations | truncations
        stacked = self._stacked(observations)
        return stacked, rewards, terminations, truncations, self._infos(infos)

    def render(self) -> tuple[Any, ...] | None:
        """One image of each, as of `BlenderEnv.render`."""
        if self.render_mode is None:
            return None
        return tuple(env.render_now() for env in self._envs)

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the Blenders."""
        del kwargs
        self._stack.close()

    def _finish(self, finish: Sequence[Any]) -> list[Any]:
        """The result of each; all are waited for before an error of one is raised, so that the
        others can be commanded again."""
        results: list[Any] = []
        failed: dict[int, Exception] = {}
        for i, (env, each) in enumerate(zip(self._envs, finish, strict=True)):
            try:
                results.append(each(env))
            except Exception as error:
                failed[i] = error
        for i, failure in failed.items():
            failure.add_note(f"in environment {i} of {self.num_envs}")
        if failed:
            raise next(iter(failed.values()))
        return results

    def _infos(self, infos: list[dict[str, Any]]) -> dict[str, Any]:
        """As Gymnasium's `_add_info`, which adds them one by one, for plain numbers at once."""
        together: dict[str, Any] = {}
        first = infos[0]
        plain_keys = [
            key
            for key, value in first.items()
            if type(value) in (int, float, bool)
            and all(type(info.get(key)) is type(value) for info in infos)
        ]
        for key in plain_keys:
            together[key] = np.array([info.pop(key) for info in infos])
            together[f"_{key}"] = np.ones(self.num_envs, dtype=bool)
        for i, info in enumerate(infos):
            if info:
                together = self._add_info(together, info, i)
        return together

    def _stacked(self, observations: list[Any]) -> Any:
        space = self.single_observation_space
        if isinstance(space, Box):
            stacked = np.empty((self.num_envs, *space.shape), space.dtype)
            for i, obs in enumerate(observations):
                stacked[i] = fitted(space, obs, "observation")
            return stacked
        items = [fitted(space, obs, "observation") for obs in observations]
        return concatenate(space, items, create_empty_array(space, self.num_envs))


def _launch(
    stack: ExitStack,
    scene: str | PathLike[str] | None,
    script: str | PathLike[str],
    count: int,
    background: bool,
    timeoutms: int,
    blender: str | PathLike[str] | None,
    env: Mapping[str, str] | None,
    kwargs: dict[str, Any],
    seed: int | None,
) -> list[RemoteEnv]:
    """Launches instances until the stack is closed; an environment for each."""
    if count < 1:
        raise ValueError(f"num_envs must be at least 1, not {count}")
    launcher = stack.enter_context(
        BlenderLauncher(
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
    same moment the kernel likes to put on one, where they wait for each other: 4 then step 1.4 to
    2.4 times as often as one does, instead of 2.1 to 3.6 times."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(pids) > len(cores):
        return
    for pid in pids:
        core = cores[next(_placed) % len(cores)]
        with contextlib.suppress(OSError):  # It has ended, which the first command tells.
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), {core})


def _check_render_mode(mode: str | None, metadata: Mapping[str, Any]) -> None:
    if mode is not None and mode not in metadata["render_modes"]:
        raise ValueError(f"render_mode is None or one of {metadata['render_modes']}, not {mode!r}")


def _spaces(env: RemoteEnv, observation: Any, action: Any) -> tuple[Any, Any, int]:
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


def _ended(done: bool, info: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the episode was terminated, and whether truncated."""
    truncated = bool(info.get("truncated", False))
    return bool(info.get("terminated", done and not truncated)), truncated


def _told(info: dict[str, Any]) -> dict[str, Any]:
    """What is told beside the five values: what the scene added, and the frame."""
    hidden = ("done", "reward", "prev_action", "terminated", "truncated")
    return {name: value for name, value in info.items() if name not in hidden}
