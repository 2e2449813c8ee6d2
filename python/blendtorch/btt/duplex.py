"""Messages both ways between this program and one Blender."""

from ..channel import Channel


class DuplexChannel(Channel):
    """The consumer's end: it connects to its address, which `btb.DuplexChannel` binds.

    When Blender restarts, it is connected again.
    """

    _binds = False
