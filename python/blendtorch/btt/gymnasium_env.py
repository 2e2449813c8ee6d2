"""A Gymnasium environment that runs in Blender."""

from collections.abc import Mapping
from contextlib import ExitStack
from os import PathLike
from typing import Any

import gymnasium

from .gymnasium_launch import check_render_mode, ended, launch_envs, spaces_of, told
from .gymnasium_spaces import fitted, plain


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
        timeoutms: float | None = 10000,
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
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self._stack = ExitStack()
        try:
            (self._env,) = launch_envs(
                self._stack, scene, script, 1, background, timeoutms, blender, env, kwargs, None
            )
            spaces = spaces_of(self._env, observation_space, action_space)
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
        return fitted(self.observation_space, obs, "observation"), told(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Applies an action and advances by one frame."""
        self._env.begin_step(plain(action))
        obs, reward, done, info = self._env.finish_step()
        terminated, truncated = ended(done, info)
        obs = fitted(self.observation_space, obs, "observation")
        return obs, float(reward), terminated, truncated, told(info)

    def render(self) -> Any:
        """An image of the present state, uint8 H x W x 3, linear; None without a render mode."""
        return None if self.render_mode is None else self._env.render_now()

    def close(self) -> None:
        """Ends the Blender."""
        self._stack.close()
