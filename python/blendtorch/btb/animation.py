"""Plays the animation of a scene, frame by frame, and calls back around each."""

import sys
import traceback
from collections.abc import Callable, Generator
from time import perf_counter

import bpy

from .. import ending, leaving
from . import alive, arguments, asked, instance, progress, resuming, seeds
from . import physics as physics_of
from .limits import LAST_FRAME
from .seeds import Seed, episode_seed, sample_seed
from .signal import Signal


class AnimationController:
    """Plays episodes, each a run through the frame range, and calls its signals around them:

    - `pre_play()` before the first episode,
    - `pre_animation()` before the first frame of each episode,
    - `pre_frame()` before each frame is evaluated, and before handlers of Blender that a script has
      added: what it changes is seen by that frame,
    - `post_frame()` after each frame is evaluated: the place to render and publish,
    - `post_animation()` after the last frame of each episode,
    - `post_play()` after the last episode.

    An exception in a callback ends playing, and with it the instance.

    Each of them may load another file, or choose another scene: the signals go on in that one. It
    gets the frame range that `play` was given, or where it was given none its own range counts. An
    episode that has begun goes on with the next frame.

    Between two frames, what others ask of this instance is done: `btb.parameters` get their values,
    `btb.services` are called; those also while a frame waits for somebody. Where it is asked to
    stop, playing ends after this episode.

    A restarted instance goes on behind the episode that it was lost with: `play` calls that were
    over return at once, and the one that was going on plays what is left (docs/control.md).

    Where the user gave a seed, each episode begins by seeding what all code shares (Python's
    `random`, `numpy.random`, Blender's noise) with `episode_seed`; see `seeds_episodes`. For
    generators of your own take `episode_seed` in `pre_animation`, or `sample_seed` in `pre_frame`.
    """

    def __init__(self, btseed: int | None = None, btid: int | None = None) -> None:
        """Seeds derive from `btseed` and `btid`; by default those on the command line, or 0. They
        are the same in all lives of an instance.

        Raises:
            ValueError: the command line is malformed.
        """
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
        """Which episode this is, counted from 0, also over the lives of an instance; one that is
        rewound counts too."""
        self.index = 0
        """Which frame of the episode this is, counted from 0."""
        self.seeds_episodes = btseed is not None or seeds.given() is not None
        """Whether each episode begins by seeding the generators that all code shares. At first,
        whether a seed was given: here, to the launcher, or on a command line written by hand."""
        command_line = _command_line()
        self.btseed = command_line[0] if btseed is None else btseed
        self.btid = command_line[1] if btid is None else btid
        self._playing: Generator[None] | None = None
        self._rewind = False
        self._physics: tuple[int, int] | None = None

    @property
    def frameid(self) -> int:
        """The scene's current frame."""
        return int(bpy.context.scene.frame_current)

    @property
    def episode_seed(self) -> Seed:
        """A seed in [0, 2**64) for this episode: the same whenever this episode is played. It may
        be published: see `Seed`."""
        return episode_seed(self.btseed, self.btid, self.episode)

    @property
    def sample_seed(self) -> Seed:
        """A seed in [0, 2**64) for this frame of this episode. It may be published: see `Seed`."""
        return sample_seed(self.episode_seed, self.index)

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
            use_physics: give all simulations (rigid bodies, cloth, soft bodies, particles, …) the
                same frame range, and begin them anew in each episode. What is baked stays as it is.
        """
        del use_offline_render
        self.play_in(
            lambda: self.setup_frame_range(frame_range, physics=use_physics),
            num_episodes,
            use_animation,
            use_physics,
        )

    def play_on(self, first: int, use_animation: bool = True) -> None:
        """Plays one episode from frame `first` on without an end, and another after each
        `rewind`; otherwise as `play`. The scene's frame range stays as it is until an episode goes
        past its end: then it is extended, and simulations go on."""
        self.play_in(lambda: (first, LAST_FRAME), -1, use_animation)

    def play_in(
        self,
        set_up: Callable[[], tuple[int, int]],
        num_episodes: int = -1,
        use_animation: bool = True,
        use_physics: bool = True,
    ) -> None:
        """Plays episodes of the frames, first and last, that `set_up` returns; otherwise as `play`.

        `set_up` is called now, and again whenever another scene is there.
        """
        if self._playing is not None:
            raise RuntimeError("already playing: play() is called once at a time")
        if asked.refuses_play():
            return

        def begin() -> tuple[int, int]:
            first, last = set_up()
            end = max(first, min(last, bpy.context.scene.frame_end))
            self._physics = (first, end) if use_physics else None
            if self._physics is not None:
                physics_of.begin(bpy.context.scene, *self._physics)
            return first, last

        frames = begin()
        run = resuming.next_run(num_episodes)
        if run is None:
            return
        self._playing = self._told(self._frames(*frames, num_episodes, begin, run))
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
        `physics` that of its simulations; returns it.

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
        if physics:
            physics_of.follow(scene, first, last)
        return first, last

    def rewind(self) -> None:
        """Makes the first frame, of a new episode, the next to be played."""
        self._rewind = True

    def _told(self, frames: Generator[None]) -> Generator[None]:
        """The frames; of what ends them `failed` is told."""
        try:
            with asked.playing():
                yield from frames
        except Exception as error:
            if self.failed is not None:
                self.failed(error)
            raise

    def _frames(
        self,
        first: int,
        last: int,
        num_episodes: int,
        set_up: Callable[[], tuple[int, int]] | None = None,
        run: resuming.Run | None = None,
    ) -> Generator[None]:
        """Plays one frame at each step; `set_up` gives the frames of another scene than this."""
        run = run or resuming.Run(0, 0, 0, 0)
        return self._episodes(_Frames(first, last, set_up), num_episodes, run)

    def _episodes(self, frames: "_Frames", num_episodes: int, run: resuming.Run) -> Generator[None]:
        self.episode, self.index = run.first, 0
        self._rewind = False
        self.pre_play.invoke()
        finished = run.finished
        while finished != num_episodes:
            run.begins(self.episode, finished)
            self.index = 0
            frame = frames.first()
            while True:
                progress.at(self.episode, self.index)
                start = perf_counter()
                frame = self._evaluate(frame, frames)
                self.post_frame.invoke()
                instance.frame_done(perf_counter() - start)
                if self.between_frames is not None:
                    self.between_frames()
                asked.look()
                yield
                if frame >= frames.last():
                    self.post_animation.invoke()
                    finished += 1
                    break
                if self._rewind:
                    break
                frame = max(frame + 1, frames.first())
                self.index += 1
            self._rewind = False
            self.episode += 1
            if asked.is_stopping():
                break
        progress.at(None, None)
        if finished == num_episodes:
            run.ends()
        self.post_play.invoke()

    def _evaluate(self, frame: int, frames: "_Frames") -> int:
        """Calls what comes before the frame, and evaluates it; returns its number, which is another
        one where the callbacks have loaded a scene of another range.

        For the callbacks the scene says the new frame already, but nothing is evaluated yet. So
        each frame is evaluated once, with all that they changed. They are not called from within
        Blender's evaluation, so that they may load a file.
        """
        if self.index == 0:
            _say_frame(frame)
            if self.seeds_episodes:
                seeds.seed_shared(self.episode_seed)
            self.pre_animation.invoke()
            frame = frames.first()
        _say_frame(frame)
        self.pre_frame.invoke()
        frame = min(max(frame, frames.first()), frames.last())
        if self.index == 0:
            self._begin_physics()
        self._extend_physics(frame)
        start = perf_counter()
        bpy.context.scene.frame_set(frame)
        instance.took("evaluate", perf_counter() - start)
        return frame

    def _begin_physics(self) -> None:
        """What callbacks have made follows the episode's frames too, and nothing is left of the
        episode before."""
        if self._physics is not None:
            physics_of.follow(bpy.context.scene, *self._physics)
            physics_of.forget(bpy.context.scene)

    def _extend_physics(self, frame: int) -> None:
        """An episode without an end has come to `frame`: simulations go on there."""
        if self._physics is not None and frame > self._physics[1]:
            first = self._physics[0]
            self._physics = (first, min(2 * frame - first, LAST_FRAME))
            scene = bpy.context.scene
            # Particles and simulation zones go by the scene's own range, whatever their caches say.
            scene.frame_end = max(scene.frame_end, self._physics[1])
            physics_of.follow(scene, *self._physics)

    def _next_frame(self) -> float | None:
        """Called by Blender's timer: seconds until the next call, or None to stop."""
        if self._playing is None:
            return None
        try:
            next(self._playing)
        except StopIteration:
            self._playing = None
            if asked.has_stopped():
                _end_instance(SystemExit(0))
            return None
        except BaseException as error:
            _end_instance(error)
        return 0.0


class _Frames:
    """The frames of an episode, in whichever scene is there."""

    def __init__(self, first: int, last: int, set_up: Callable[[], tuple[int, int]] | None) -> None:
        self._range = first, last
        self._set_up = set_up
        self._scene = alive.scene_now()

    def first(self) -> int:
        """The first frame."""
        return self._now()[0]

    def last(self) -> int:
        """The last frame."""
        return self._now()[1]

    def _now(self) -> tuple[int, int]:
        """The range; that of the scene that is there, which is set up if it is another one."""
        now = alive.scene_now()
        if now != self._scene and self._set_up is not None:
            self._range = self._set_up()
        self._scene = now
        return self._range


def _say_frame(frame: int) -> None:
    """Makes the scene say that this is its frame, without evaluating anything."""
    scene = bpy.context.scene
    scene.frame_current = frame
    if scene.frame_subframe:
        scene.frame_subframe = 0.0


def _command_line() -> tuple[int, int]:
    """Seed and id on the command line; 0 where there is none, as in a script run by hand."""
    if "--" not in sys.argv:
        return 0, 0
    args, _ = arguments.of_the_run()
    return args.btseed or 0, args.btid or 0


def _end_instance(error: BaseException) -> None:
    """Ends a Blender that has a window, as an exception in a script ends one without.

    Blender would print the error, drop the timer, and stay open, silent, forever.
    """
    ending.note(error)
    if isinstance(error, SystemExit):
        leaving.leave(leaving.code_of(error))
    traceback.print_exception(error)
    leaving.leave(1)
