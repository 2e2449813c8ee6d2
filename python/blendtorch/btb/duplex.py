"""Messages both ways between this Blender and one consumer."""

from typing import Any

from ..channel import Channel
from . import asked, instance


class DuplexChannel(Channel):
    """The producer's end: it binds its address, `btt.DuplexChannel` connects to it.

    When the consumer restarts, it is connected again.
    """

    _binds = True

    def recv(self, timeoutms: float | None = None) -> dict[str, Any] | None:
        """The next message, or None when none came within `timeoutms`. Without a time, or
        with -1, it is waited for as long as it takes."""
        before = instance.enter("waiting_for_request")
        try:
            with asked.conversing():
                return super().recv(timeoutms)
        finally:
            instance.enter(before)
