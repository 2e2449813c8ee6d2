"""Messages both ways between this Blender and one consumer."""

from ..channel import Channel


class DuplexChannel(Channel):
    """The producer's end: it binds its address, `btt.DuplexChannel` connects to it.

    When the consumer restarts, it is connected again.
    """

    _binds = True
