"""A Gymnasium vector environment: the same scene in N Blenders."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

from .env import RemoteEnv
from .gymnasium_launch import check_render_mode, ended, launch_envs, spaces_of, told
from .gymnasium_spaces import fitted, plain


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
        timeoutms: float | None = 10000,
        blender: str | PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Launches `num_envs` instances; instance `i` has the seed `seed + i`. All else is as of
        `BlenderEnv`."""
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.num_envs = num_envs
        self._stack = ExitStack()
        try:
            self._envs = launch_envs(
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
            spaces = spaces_of(self._envs[0], observation_space, action_space)
        except BaseException:
            self._stack.close()
            raise
        self.single_observation_space, self.single_action_space, fps = spaces
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {**self.metadata, "render_fps": fps}
        self._over = np.zeros(num_envs, dtype=bool)

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
        self._over[:] = False
        observations = [obs for obs, _ in results]
        return self._stacked(observations), self._infos([told(info) for _, info in results])

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Applies one action to each and advances all by one frame."""
        finish: list[Any] = []
        for env, action, over in zip(
            self._envs, iterate(self.action_space, actions), self._over, strict=True
        ):
            if over:
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
                terminations[i], truncations[i] = ended(result[2], info)
            observations.append(obs)
            infos.append(told(info))
        self._over = terminations | truncations
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
