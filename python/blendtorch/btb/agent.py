"""The agent of an environment that another program controls. Knows no Blender."""

import time
import traceback
from typing import Any

from .. import _blendtorch
from . import instance

CMD_RESTART = object()
CMD_STEP = object()


class RemoteControlledAgent:
    """Does what another program says: `btt.RemoteEnv`, a `btt.BlenderEnv`, or the Rust client.

    The simulation stands still until a command comes. With `real_time` it goes on at the scene's
    frame rate, and a command is applied to the frame that is due.
    """

    def __init__(
        self, address: str, real_time: bool = False, timeoutms: float | None = 5000
    ) -> None:
        """Binds `address`.

        Args:
            address: as in `btargs.btsockets["GYM"]`.
            real_time: go on without commands.
            timeoutms: with `real_time`, how long the first frame of an episode waits for a
                command; None or -1 waits for ever.
        """
        self.real_time = real_time
        self.timeoutms = timeoutms
        self._first_frame_s = _blendtorch.timeout_seconds(timeoutms)
        self._server = _blendtorch.EnvServer(address, btid=None)
        self._owes = False
        """A command was taken and is not answered yet."""
        self._frame_due = time.monotonic()
        self._known: object = None
        """The episode whose first observation was given away."""

    @property
    def address(self) -> str:
        """The bound address, with the port that the system chose for port 0."""
        return self._server.address

    def __call__(self, env: Any, **ctx: Any) -> tuple[object, Any]:
        """Answers the last command with `ctx`; the next command."""
        ctx.pop("prev_action", None)  # Who gave it knows it.
        if self._owes:
            self._known = env.events.episode
            self._answer(ctx)
        while True:
            command = self._receive(self._patience(env))
            if command is None:
                if not self.real_time:
                    continue  # a stranger's noise was answered
                self._wait_for_frame(env)
                return CMD_STEP, None
            self._owes = True
            name, given, options = command
            if name == "describe":
                self._answer(env.describe())
            elif name == "render":
                self._answer({"rgb_array": env.render_now()})
            elif name == "reset":
                if self._is_new(env) and given is None and options is None:
                    self._known = env.events.episode
                    self._answer(ctx)  # It has begun already.
                    continue
                env.restart(given, options)
                return CMD_RESTART, None
            elif problem := _problem(env, given):
                self._server.fail("ValueError", problem, "", True)
                self._owes = False
            else:
                self._wait_for_frame(env)
                return CMD_STEP, given

    def _receive(self, patience: float | None) -> tuple[str, Any, Any] | None:
        """The next command, as the server has it; meanwhile somebody else is waited for."""
        before = instance.enter("waiting_for_agent")
        try:
            return self._server.recv(patience)
        finally:
            instance.enter(before)

    def failed(self, error: Exception) -> None:
        """Answers the last command with an error, if it is not answered yet."""
        if not self._owes:
            return
        kind = type(error).__name__
        trace = "".join(traceback.format_exception(error))
        self._server.fail(kind, _unicode(str(error)), _unicode(trace), False)
        self._owes = False
        self._server.close()

    def close(self) -> None:
        """Leaves the address."""
        self._server.close()

    def _is_new(self, env: Any) -> bool:
        """Whether an episode has begun that nobody has heard of."""
        return env.state is env.STATE_INIT and self._known != env.events.episode

    def _answer(self, fields: dict[str, Any]) -> None:
        self._server.answer(fields)
        self._owes = False

    def _patience(self, env: Any) -> float | None:
        """Seconds to wait for a command."""
        if not self.real_time:
            return None
        if env.state is env.STATE_INIT:
            return self._first_frame_s
        return max(0.0, self._frame_due - time.monotonic())

    def _wait_for_frame(self, env: Any) -> None:
        """In real time, frames follow each other as the scene's frame rate says."""
        if not self.real_time:
            return
        time.sleep(max(0.0, self._frame_due - time.monotonic()))
        # A frame that took too long is not made up for by a hurry afterwards.
        self._frame_due = max(self._frame_due, time.monotonic()) + env.seconds_per_frame()


def _problem(env: Any, action: Any) -> str | None:
    """Why the action has not the form that the environment declares; None if it has."""
    space = env.action_space
    if space is None or action is None:
        return None
    wrong = space.problem(action)
    return wrong and f"action: {wrong}"


def _unicode(text: str) -> str:
    """The text without what cannot travel: errors quote names of files as they are."""
    return text.encode(errors="replace").decode()
