"""Environments that run in a Blender: reset, step, render."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

from .._blendtorch import EnvClient, RemoteEnvError
from .launcher import BlenderLauncher

if TYPE_CHECKING:
    GymEnv = object
else:
    try:
        from gym import Env as GymEnv
    except ImportError:  # The environment works without it.
        GymEnv = object

__all__ = ["EnvTimeoutError", "OpenAIRemoteEnv", "RemoteEnv", "RemoteEnvError", "launch_env"]

SOCKET = "GYM"


class EnvLauncher(BlenderLauncher):
    """Runs environments: whoever gives one that has died a command is told."""

    _tells = False


# From a connection's end to that of its process, which may flush what others are to get.
_LAST_WORDS_S = 3.0


class EnvTimeoutError(TimeoutError, ValueError):
    """An environment was not there, or did not answer in time. (A ValueError too, as scripts of the
    original expect.)"""


class RemoteEnv:
    """An environment at an address, controlled by a `btb.RemoteControlledAgent` there.

    Its time advances by one frame with each `step`, and not without.
    """

    def __init__(self, address: str, timeoutms: float | None = 10000) -> None:
        """Connects with the first command.

        Args:
            address: as in `launch_info.addresses["GYM"][0]`.
            timeoutms: how long an answer may take. The first one, and an image, may take two
                minutes, in which shaders are compiled, and a Blender that is not there yet ten
                times `timeoutms`. None or -1 waits for ever.
        """
        self._client = EnvClient(address, timeout_ms=timeoutms)
        self._action: Any = None
        self._viewer: Any = None
        self._watch: Callable[[], None] | None = None
        self.env_time: int | None = None
        """The frame of the latest observation."""
        self.rgb_array: Any = None
        """The image that was rendered for it, uint8 H x W x 3, linear; None where none was."""

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode: the first observation, and what else the scene says.

        Args:
            seed: seeds the environment's random numbers; without one they go on.
            options: for the scene's own use (`BaseEnv.options`).
        """
        self.begin_reset(seed, options)
        return self.finish_reset()

    def step(self, action: Any) -> tuple[Any, float, bool, dict[str, Any]]:
        """Applies an action and advances by one frame: observation, reward, done, and what else the
        scene says.

        Raises:
            RemoteEnvError: the environment failed; with its traceback.
            EnvTimeoutError: it did not answer in time.
            ConnectionError: it ended in the middle.
            TypeError: an action of a kind that cannot travel.
        """
        self.begin_step(action)
        return self.finish_step()

    def begin_reset(self, seed: int | None = None, options: Any = None) -> None:
        """Begins a reset without waiting; `finish_reset` returns its result."""
        self._client.begin_reset(seed, options)
        self._action = None

    def finish_reset(self) -> tuple[Any, dict[str, Any]]:
        """The result of `begin_reset`."""
        answer = self._finish()
        return answer.pop("obs"), answer

    def begin_step(self, action: Any) -> None:
        """Begins a step without waiting; `finish_step` returns its result."""
        self._client.begin_step(action)
        self._action = action

    def finish_step(self) -> tuple[Any, float, bool, dict[str, Any]]:
        """The result of `begin_step`."""
        answer = self._finish()
        obs = answer.pop("obs")
        return obs, answer.pop("reward", 0.0), answer.pop("done", False), answer

    def describe(self) -> dict[str, Any]:
        """What the scene declares: `observation_space`, `action_space` (None where it declares
        none), `fps`."""
        self._client.begin_describe()
        return self._answer()

    def render_now(self) -> Any:
        """An image of the present state: the latest one if it belongs to it, or one that is
        rendered now. uint8 H×W×3, linear."""
        if self.rgb_array is None:
            self._client.begin_render()
            self.rgb_array = self._answer()["rgb_array"]
        return self.rgb_array

    def render(
        self, mode: str = "human", backend: str | None = None, gamma_coeff: float = 2.2
    ) -> Any:
        """Shows the image of the latest frame, if one was rendered for it; with `mode="rgb_array"`
        returns it, linear, or None."""
        if mode == "rgb_array" or self.rgb_array is None:
            return self.rgb_array
        from . import colors
        from .env_rendering import create_renderer

        if self._viewer is None:
            self._viewer = create_renderer(backend)
        self._viewer.imshow(colors.gamma(self.rgb_array, gamma_coeff))
        return None

    def close(self) -> None:
        """Leaves the environment, and closes what shows it."""
        self._client.close()
        viewer, self._viewer = self._viewer, None
        if viewer is not None:
            viewer.close()

    @property
    def is_direct(self) -> bool | None:
        """Whether the environment is reached directly, which is fastest, or through ZeroMQ, as on
        another host; None while not connected."""
        return self._client.is_direct

    def _finish(self) -> dict[str, Any]:
        answer = self._answer()
        self.rgb_array = answer.pop("rgb_array", None)
        self.env_time = answer.get("time")
        answer["prev_action"] = self._action
        return answer

    def _answer(self) -> dict[str, Any]:
        try:
            while True:
                answer = self._client.poll()
                if answer is not None:
                    return answer
                if self._watch is not None:
                    self._watch()
        except TimeoutError as error:
            self._explain(0.0)
            raise EnvTimeoutError(str(error)) from None
        except ConnectionError:
            self._explain(_LAST_WORDS_S)
            raise

    def _explain(self, patience: float) -> None:
        """An instance that has died is the better explanation; it takes a moment to be dead."""
        deadline = time.monotonic() + patience
        while self._watch is not None:
            self._watch()
            if time.monotonic() >= deadline:
                return
            time.sleep(0.02)


@contextmanager
def launch_env(
    scene: str | PathLike[str] | None,
    script: str | PathLike[str],
    background: bool = False,
    **kwargs: Any,
) -> Iterator[RemoteEnv]:
    """Runs one Blender with an environment as long as the `with` block lasts.

    with btt.launch_env("", "cartpole.blend.py", background=True, render_every=10) as env:
        obs, info = env.reset()

    Other keyword arguments become arguments of the script: `render_every=10` is
    `--render-every 10`, `real_time=True` is `--real-time` and False `--no-real-time`.
    """
    with (
        EnvLauncher(
            scene,
            script,
            named_sockets=[SOCKET],
            # A place of its own: several environments run beside each other.
            proto="ipc",
            instance_args=[script_arguments(kwargs)],
            background=background,
        ) as launcher,
        ExitStack() as stack,
    ):
        env = RemoteEnv(launcher.launch_info.addresses[SOCKET][0])
        stack.callback(env.close)
        env._watch = launcher.assert_alive
        yield env


def script_arguments(kwargs: dict[str, Any]) -> list[str]:
    """Keyword arguments as a command line."""
    words: list[str] = []
    for name, value in kwargs.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", str(value)]
    return words


class OpenAIRemoteEnv(GymEnv):
    """The base class of environments in the style of OpenAI gym 0.21 and before: `reset` returns an
    observation, `step` four values. Works without gym. New code uses `btt.BlenderEnv`.

    class CartpoleEnv(btt.OpenAIRemoteEnv):
        def __init__(self):
            super().__init__(version="0.0.1")
            self.launch("cartpole.blend", "cartpole.blend.py", render_every=10)
    """

    metadata: ClassVar[dict[str, Any]] = {"render.modes": ["rgb_array", "human"]}

    def __init__(self, version: str = "0.0.1") -> None:
        """Launches nothing yet; see `launch`."""
        self.__version__ = version
        self._stack = ExitStack()
        self._env: RemoteEnv | None = None

    def launch(
        self,
        scene: str | PathLike[str] | None,
        script: str | PathLike[str],
        background: bool = False,
        **kwargs: Any,
    ) -> None:
        """Runs the environment until `close`; arguments as of `launch_env`."""
        if self._env is not None:
            raise RuntimeError("this environment runs already: make another one for more")
        self._env = self._stack.enter_context(launch_env(scene, script, background, **kwargs))

    def reset(self) -> Any:
        """Begins an episode: the first observation."""
        obs, _ = self._running().reset()
        return obs

    def step(self, action: Any) -> tuple[Any, float, bool, dict[str, Any]]:
        """Applies an action: observation, reward, done, info."""
        return self._running().step(action)

    def seed(self, seed: int) -> None:
        """Not supported, as in the original: seed with `RemoteEnv.reset` or `btt.BlenderEnv`."""
        raise NotImplementedError("seed with RemoteEnv.reset(seed=...) or btt.BlenderEnv")

    def render(self, mode: str = "human") -> Any:
        """As `RemoteEnv.render`."""
        return self._running().render(mode=mode)

    @property
    def env_time(self) -> int | None:
        """The frame of the latest observation."""
        return self._running().env_time

    def close(self) -> None:
        """Ends the Blender that runs the environment."""
        self._env = None
        self._stack.close()

    def __del__(self) -> None:
        if hasattr(self, "_stack"):  # else making it has failed
            self.close()

    def _running(self) -> RemoteEnv:
        if self._env is None:
            raise RuntimeError("no environment runs: call launch() first")
        return self._env
