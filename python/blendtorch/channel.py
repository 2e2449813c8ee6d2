"""What both ends of a duplex channel share."""

from typing import Any, ClassVar, Self

from ._blendtorch import Duplex


class Channel:
    """One end of a channel between two; messages travel both ways, each way in order.

    One thread may send while another receives.
    """

    _binds: ClassVar[bool]

    def __init__(
        self,
        address: str,
        btid: int | None = None,
        lingerms: int = 0,
        timeoutms: float | None = 10000,
    ) -> None:
        """Opens this end, whether or not the other one is there yet.

        Args:
            address: `tcp://host:port` or `ipc://path`, as the launcher gave it.
            btid: a number of this side, which is sent with every message.
            lingerms: how long `close` lets the other side take what was sent.
            timeoutms: how long `send` waits for room; None or -1 for ever.
        """
        self.btid = btid
        self._duplex = Duplex(
            address, bind=self._binds, btid=btid, linger_ms=lingerms, timeout_ms=timeoutms
        )

    @property
    def address(self) -> str:
        """The address, with the port that the system chose for port 0."""
        return self._duplex.address

    def send(self, **kwargs: Any) -> int:
        """Sends the keyword arguments as one message, with `btid` and `btmid`, its number, which
        is returned. (One of these two that is among the arguments travels as it is.)

        Raises:
            TypeError: a value of a kind that cannot travel; the message names it.
            TimeoutError: nobody took it for `timeoutms`.
        """
        return self._duplex.send(kwargs)

    def recv(self, timeoutms: float | None = None) -> dict[str, Any] | None:
        """The next message, or None when none came within `timeoutms`. Without a time, or
        with -1, it is waited for as long as it takes."""
        return self._duplex.recv(timeoutms)

    def close(self) -> None:
        """Closes, after what was sent has gone out or the linger time is over."""
        self._duplex.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
