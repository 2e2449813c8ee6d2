"""Environments: a scene that an agent observes and acts upon, frame by frame."""

from collections.abc import Callable
from typing import Any, ClassVar

import bpy
import numpy as np

from . import seeds
from .agent import CMD_RESTART, CMD_STEP, RemoteControlledAgent
from .animation import AnimationController
from .camera import Camera
from .limits import LAST_FRAME
from .offscreen import OffScreenRenderer
from .spaces import Space

__all__ = ["BaseEnv", "RemoteControlledAgent"]

Agent = Callable[..., tuple[object, Any]]


class BaseEnv:
    """A scene that an agent acts upon. Subclasses say what happens:

    - `_env_reset()` puts the scene into the state in which an episode begins,
    - `_env_prepare_step(action)` applies an action, before a frame is evaluated,
    - `_env_post_step()` returns what the agent gets to see after it: a dict with `obs` and
      `reward`, perhaps `done`, and anything else. It is called for the first frame of an episode
      too.

    The agent is called between frames, as `agent(env, **ctx)` with that dict and `done`, `time`
    (the frame), `prev_action` and, on frames that were rendered, `rgb_array`; it returns
    `(BaseEnv.CMD_STEP, action)` or `(BaseEnv.CMD_RESTART, None)`. `RemoteControlledAgent` asks
    another program. An exception ends the instance; a remote agent is told of it first.

    For random numbers use `self.np_random`, which the seed of a reset sets. The generators that all
    code shares (Python's, numpy's, Blender's noise) are seeded by it too, and until then, where the
    launcher was given a seed, by that at each episode.
    """

    STATE_INIT = object()
    STATE_RUN = object()
    CMD_RESTART = CMD_RESTART
    CMD_STEP = CMD_STEP

    observation_space: ClassVar[Space | None] = None
    """What observations look like; `btt.BlenderEnv` asks for it."""
    action_space: ClassVar[Space | None] = None
    """What actions look like. Where it is declared, an action of another form is refused."""

    def __init__(self, agent: Agent) -> None:
        """Makes an environment that `agent` acts upon; `run` starts it."""
        self.events = AnimationController()
        self.events.pre_animation.add(self._pre_animation)
        self.events.pre_frame.add(self._pre_frame)
        self.events.post_frame.add(self._post_frame)
        self.events.post_play.add(self._stopped)
        self.events.between_frames = self._ask
        self.events.failed = self._tell
        self.agent = agent
        self.ctx: dict[str, Any] = {}
        self.renderer: OffScreenRenderer | None = None
        self.render_every: int | None = None
        self.frame_range: tuple[int, int] | None = None
        self.state = BaseEnv.STATE_INIT
        self.options: Any = None
        """What the latest reset asked for, beside its seed."""
        self.np_random = np.random.default_rng(self.events.sample_seed)
        self._seed: int | None = None
        self._action: Any = None
        self._end = 0

    def run(self, frame_range: tuple[int, int] | None = None, use_animation: bool = True) -> None:
        """Runs episodes without end; until the agent resets after the launcher has asked this
        instance to stop.

        Args:
            frame_range: first and last frame of an episode, by default the scene's. On the last
                one `done` is set; an agent that goes on nevertheless is served.
            use_animation: in a Blender with a window, keep it responsive; see
                `AnimationController.play`.
        """

        def set_up() -> tuple[int, int]:
            first, self._end = self.frame_range = self.events.setup_frame_range(frame_range)
            return first, LAST_FRAME

        self.events.play_in(set_up, use_animation=use_animation)

    def attach_default_renderer(self, every_nth: int | None = 1) -> None:
        """Renders every nth frame of an episode from the scene's camera, linear RGB, and gives it
        to the agent as `rgb_array`. None renders no frame by itself."""
        self.renderer = OffScreenRenderer(camera=Camera(), mode="rgb")
        self.render_every = every_nth

    def describe(self) -> dict[str, Any]:
        """The spaces, and how fast frames follow each other (per second of simulated time)."""
        return {
            "observation_space": _described(self.observation_space),
            "action_space": _described(self.action_space),
            "fps": 1 / self.seconds_per_frame(),
        }

    def seconds_per_frame(self) -> float:
        """How long a frame lasts in the scene's own time."""
        render = bpy.context.scene.render
        return float(render.fps_base / render.fps)

    def render_now(self) -> Any:
        """An image of the present state, uint8 H×W×3, linear."""
        if self.renderer is None:
            self.attach_default_renderer(every_nth=None)
        assert self.renderer is not None
        return self.renderer.render()

    def restart(self, seed: int | None, options: Any) -> None:
        """How the next episode is to begin; the agent returns `CMD_RESTART` after it."""
        self._seed, self.options = seed, options

    def _pre_animation(self) -> None:
        if self._seed is not None:
            self.np_random = np.random.default_rng(self._seed)
            # Scenes of the original draw from what all code shares. From now on that goes on from
            # episode to episode: all that follows depends on this seed alone.
            seeds.seed_shared(self._seed)
            self.events.seeds_episodes = False
            self._seed = None
        self.state = BaseEnv.STATE_INIT
        self.ctx = {"prev_action": None, "done": False}
        self._action = None
        self._env_reset()

    def _pre_frame(self) -> None:
        if self._action is not None:
            self._env_prepare_step(self._action)
            self.ctx["prev_action"] = self._action
            self._action = None

    def _post_frame(self) -> None:
        frame = self.events.frameid
        self.ctx.pop("rgb_array", None)
        self._render(self.ctx)
        state = self._env_post_step()
        if not isinstance(state, dict) or "obs" not in state:
            raise TypeError(
                f"{type(self).__name__}._env_post_step returned {type(state).__name__}"
                + (f" of {sorted(state)}" if isinstance(state, dict) else "")
                + ": return a dict with `obs` and `reward`, perhaps `done`, and what else you like"
            )
        self.ctx.update(state)
        self.ctx.setdefault("reward", 0.0)
        self.ctx["time"] = frame
        over = frame >= self._end
        if over and not {"terminated", "truncated"} & state.keys():
            # `done` is set here: whether the scene set it too would be lost.
            self.ctx["terminated"] = bool(state.get("done", False))
        self.ctx["truncated"] = over or bool(state.get("truncated", False))
        self.ctx["done"] = bool(
            self.ctx["done"] or self.ctx["truncated"] or self.ctx.get("terminated", False)
        )

    def _ask(self) -> None:
        """Between two frames: what the agent wants."""
        command, action = self.agent(self, **self.ctx)
        if command is CMD_RESTART:
            self._restart()
        else:
            self._action = action
            self.state = BaseEnv.STATE_RUN

    def _render(self, ctx: dict[str, Any]) -> None:
        """Puts an image into what the agent gets, on the frames that are rendered."""
        if self.renderer and self.render_every and self.events.index % self.render_every == 0:
            ctx["rgb_array"] = self.renderer.render()

    def _restart(self) -> None:
        """Makes the next frame the first of a new episode."""
        self.events.rewind()

    def _stopped(self) -> None:
        """Playing is over, which it is only where the launcher has asked for that: an agent that
        waits for the next episode hears of it."""
        self._tell(RuntimeError("the instance was asked to stop, and has ended its last episode"))

    def _tell(self, error: Exception) -> None:
        """Lets an agent that waits for an answer know why none will come."""
        failed = getattr(self.agent, "failed", None)
        if failed is not None:
            failed(error)

    def _env_reset(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs _env_reset()")

    def _env_prepare_step(self, action: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} needs _env_prepare_step(action)")

    def _env_post_step(self) -> dict[str, Any]:
        raise NotImplementedError(f"{type(self).__name__} needs _env_post_step()")


def _described(space: Space | None) -> dict[str, Any] | None:
    return None if space is None else space.describe()
