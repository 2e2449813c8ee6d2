"""Plays the animation of a scene, frame by frame, and calls back around each."""

import atexit
import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Generator

import bpy

from .. import ending
from . import progress
from .arguments import parse_blendtorch_args
from .seeds import episode_seed, sample_seed
from .signal import Signal

# Blender's own limit.
_LAST_FRAME = 1048574


class AnimationController:
    """Plays episodes, each a run through the frame range, and calls its signals around them:

    - `pre_play()` before the first episode,
    - `pre_animation()` before the first frame of each episode,
    - `pre_frame()` before each frame is evaluated: what it changes is seen by that frame,
    - `post_frame()` after each frame is evaluated: the place to render and publish,
    - `post_animation()` after the last frame of each episode,
    - `post_play()` after the last episode.

    An exception in a callback ends playing, and with it the instance.

    For reproducible randomisation seed a generator with `episode_seed` in `pre_animation`, or
    with `sample_seed` in `pre_frame`.
    """

    def __init__(self, btseed: int | None = None, btid: int | None = None) -> None:
        """Seeds derive from `btseed` and `btid`; by default those on the command line, or 0."""
        self.pre_play = Signal()
        self.pre_animation = Signal()
        self.pre_frame = Signal()
        self.post_frame = Signal()
        self.post_animation = Signal()
        self.post_play = Signal()
        self.between_frames: Callable[[], None] | None = None
        """Called after all that follows a frame: the place to wait for what comes next."""
        self.failed: Callable[[Exception], None] | None = None
        """Called with an exception that ends playing, before it does."""
        self.episode = 0
        """Which episode this is, counted from 0; one that is rewound counts too."""
        self.index = 0
        """Which frame of the episode this is, counted from 0."""
        given = _command_line()
        self.btseed = given[0] if btseed is None else btseed
        self.btid = given[1] if btid is None else btid
        self._playing: Generator[None] | None = None
        self._rewind = False

    @property
    def frameid(self) -> int:
        """The scene's current frame."""
        return int(bpy.context.scene.frame_current)

    @property
    def episode_seed(self) -> int:
        """A seed in [0, 2**64) for this episode: the same whenever this episode is played."""
        return int(episode_seed(self.btseed, self.btid, self.episode))

    @property
    def sample_seed(self) -> int:
        """A seed in [0, 2**64) for this frame of this episode."""
        return int(sample_seed(self.episode_seed, self.index))

    def play(
        self,
        frame_range: tuple[int, int] | None = None,
        num_episodes: int = -1,
        use_animation: bool = True,
        use_offline_render: bool = True,
        use_physics: bool = True,
    ) -> None:
        """Plays episodes.

        In background mode this blocks until all are played. In a Blender with a window it returns
        at once and one frame is played each time the window has been served, so that it stays
        responsive; with `use_animation=False` it blocks there too.

        Args:
            frame_range: first and last frame, both played; by default the scene's.
            num_episodes: how many episodes; below 0 without end.
            use_animation: see above.
            use_offline_render: accepted for existing scripts; rendering in `post_frame` is
                always safe.
            use_physics: give the rigid body simulation the same frame range.
        """
        del use_offline_render
        if self._playing is not None:
            raise RuntimeError("already playing: play() is called once at a time")
        first, last = self.setup_frame_range(frame_range, physics=use_physics)
        self._start(first, last, num_episodes, use_animation)

    def play_on(self, first: int, use_animation: bool = True) -> None:
        """Plays one episode from frame `first` on without an end, and another after each
        `rewind`; otherwise as `play`. The scene's frame range stays as it is."""
        self._start(first, _LAST_FRAME, -1, use_animation)

    def _start(self, first: int, last: int, num_episodes: int, use_animation: bool) -> None:
        if self._playing is not None:
            raise RuntimeError("already playing: play() is called once at a time")
        self._playing = self._told(self._frames(first, last, num_episodes))
        if use_animation and not bpy.app.background:
            bpy.app.timers.register(self._next_frame, persistent=True)
            return
        try:
            for _ in self._playing:
                pass
        finally:
            self._playing = None

    @staticmethod
    def setup_frame_range(
        frame_range: tuple[int, int] | None, physics: bool = True
    ) -> tuple[int, int]:
        """Makes `frame_range` (first, last; by default the scene's) the scene's own, and with
        `physics` that of its rigid bodies; returns it.

        Raises:
            ValueError: the range is empty, or begins before frame 0.
        """
        scene = bpy.context.scene
        first, last = frame_range or (scene.frame_start, scene.frame_end)
        if not 0 <= first <= last:
            raise ValueError(
                f"frame_range ({first}, {last}): needs 0 <= first <= last; both are played"
            )
        scene.frame_start, scene.frame_end = first, last
        if physics and scene.rigidbody_world:
            cache = scene.rigidbody_world.point_cache
            # A cache has at least two frames; of a range of one frame the second is not played.
            cache.frame_start, cache.frame_end = first, max(last, first + 1)
        return first, last

    def rewind(self) -> None:
        """Makes the first frame, of a new episode, the next to be played."""
        self._rewind = True

    def _told(self, frames: Generator[None]) -> Generator[None]:
        """The frames; of what ends them `failed` is told."""
        try:
            yield from frames
        except Exception as error:
            if self.failed is not None:
                self.failed(error)
            raise

    def _frames(self, first: int, last: int, num_episodes: int) -> Generator[None]:
        """Plays one frame at each step."""
        self.episode = self.index = 0
        self._rewind = False
        self.pre_play.invoke()
        finished = 0
        while finished != num_episodes:
            for self.index, frame in enumerate(range(first, last + 1)):
                progress.episode, progress.index = self.episode, self.index
                self._evaluate(frame)
                self.post_frame.invoke()
                if self.between_frames is not None:
                    self.between_frames()
                yield
                if self._rewind and frame != last:
                    break
            else:
                self.post_animation.invoke()
                finished += 1
            self._rewind = False
            self.episode += 1
        progress.episode = progress.index = None
        self.post_play.invoke()

    def _evaluate(self, frame: int) -> None:
        """Sets the frame, and calls what comes before it.

        That is done in Blender's handler: there the scene already says the new frame, but nothing
        is evaluated yet, so each frame is evaluated once, with all that the callbacks changed.
        Blender only prints what a handler raises: it is kept, and raised here.
        """
        raised: list[BaseException] = []

        def before(*_: object) -> None:
            # A callback that sets a frame itself must not start this anew.
            bpy.app.handlers.frame_change_pre.remove(before)
            try:
                if self.index == 0:
                    self.pre_animation.invoke()
                self.pre_frame.invoke()
            except BaseException as error:
                raised.append(error)

        bpy.app.handlers.frame_change_pre.append(before)
        try:
            bpy.context.scene.frame_set(frame)
        finally:
            if before in bpy.app.handlers.frame_change_pre:
                bpy.app.handlers.frame_change_pre.remove(before)
        if raised:
            raise raised[0]

    def _next_frame(self) -> float | None:
        """Called by Blender's timer: seconds until the next call, or None to stop."""
        if self._playing is None:
            return None
        try:
            next(self._playing)
        except StopIteration:
            self._playing = None
            return None
        except BaseException as error:
            _end_instance(error)
        return 0.0


def _command_line() -> tuple[int, int]:
    """Seed and id on the command line; 0 where there is none, as in a script run by hand."""
    if "--" not in sys.argv:
        return 0, 0
    args, _ = parse_blendtorch_args()
    return args.btseed or 0, args.btid or 0


def _end_instance(error: BaseException) -> None:
    """Ends a Blender that has a window, as an exception in a script ends one without.

    Blender would print the error, drop the timer, and stay open, silent, forever.
    """
    ending.note(error)
    code = 0 if isinstance(error, SystemExit) and not error.code else 1
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        code = error.code
    else:
        traceback.print_exception(error)
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()  # What publishers hold is sent in exit hooks.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
