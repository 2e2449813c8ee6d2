"""The publisher of a scene script."""

import warnings
import weakref
from typing import TYPE_CHECKING, Any

from .._blendtorch import Publisher
from . import progress
from .draft import Draft

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

# Consumers that are connected get at least this long to take what is queued when a script ends,
# also with the default of no linger time: else the last samples of every script would be lost.
_LEAST_LINGER_MS = 1000


class DataPublisher:
    """Publishes what a scene script renders, to whoever connects; each item goes to one consumer.

        pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)
        pub.publish(image=off.render(), frameid=anim.frameid)

    What may be published: None, bool, int, float, str, bytes, list, tuple, dict, numpy arrays and
    scalars, and Blender's Vector, Matrix, Quaternion, Euler, Color and property arrays (as arrays).
    """

    def __init__(
        self,
        bind_address: str,
        btid: int | None = None,
        send_hwm: int = 10,
        lingerms: int = 0,
        *,
        shm_bytes: int = 256 << 20,
    ) -> None:
        """Binds `bind_address`, which the launcher gave as `btsockets["NAME"]`.

        Args:
            bind_address: `tcp://host:port` or `ipc://path`.
            btid: the instance's number; every item carries it.
            send_hwm: items queued for each consumer before `publish` blocks.
            lingerms: how long `close` lets connected consumers take what is queued, in
                milliseconds; at least a second.
            shm_bytes: how much memory may be shared with consumers on this host. Arrays of which
                three do not fit are copied once more; 0 shares none.

        Bound to an address that other machines reach, it warns once that they can read the stream.
        Where memory to share is short, `publish` and `begin` warn of it once.

        Raises:
            OSError: the address is in use, or not of this machine.
            ValueError: it is no address, or a number is negative.
        """
        for name, number in (("send_hwm", send_hwm), ("shm_bytes", shm_bytes)):
            if number < 0:
                raise ValueError(f"{name} must not be negative, as {number} is")
        self.btid = btid
        self._publisher = Publisher(
            bind_address,
            btid=btid,
            send_hwm=send_hwm,
            linger_ms=max(lingerms, _LEAST_LINGER_MS),
            shm_bytes=shm_bytes,
        )
        if self._publisher.warning:
            warnings.warn(self._publisher.warning, stacklevel=2)
        # Closing while the interpreter still runs is the only way to flush from a daemon thread,
        # a forgotten publisher, a script that just ends.
        self._at_exit = weakref.finalize(self, self._publisher.close)
        self._at_exit.atexit = True

    @property
    def address(self) -> str:
        """The bound address, with the port that the system chose for port 0."""
        return self._publisher.address

    def publish(self, **kwargs: Any) -> None:
        """Publishes one item with these fields.

        Arrays are copied once, into memory that a consumer on this host reads directly: they may
        be changed as soon as this returns. Blocks while the queues are full or nobody is
        connected; other threads run meanwhile.

        Raises:
            TypeError: a value cannot travel; the message names its field.
            OSError: the publisher is closed.
        """
        self._publisher.publish(kwargs, progress.episode, progress.index)

    def begin(self, **tensors: "tuple[tuple[int, ...], DTypeLike]") -> Draft:
        """Begins an item whose arrays are written where a consumer on this host reads them.

            with pub.begin(image=off.layout()) as draft:
                off.render(out=draft["image"])
                draft.publish(frameid=anim.frameid)

        Args:
            tensors: (shape, dtype) of each array by name, as `image=((480, 640, 4), np.uint8)`.

        Raises:
            TypeError: one is not (shape, dtype).
            ValueError: a dtype that cannot travel, or an array larger than a message may be.
            MemoryError: there is no memory for it.
            OSError: the publisher is closed.
        """
        return Draft(self._publisher, tensors)

    def stats(self) -> dict[str, float]:
        """What was done so far. May be asked at any time, also by another thread while `publish`
        waits, and after `close`.

        `messages` and `bytes` sent, and seconds `blocked` waiting for room. Of arrays of 16 KiB and
        more: how many were put in memory that is `shared` with consumers on this host, how many on
        the `heap`, from where each is copied once more, and seconds `waited` for memory that slow
        consumers had.
        """
        return self._publisher.stats()

    def close(self) -> bool:
        """Lets consumers take what is queued, tells each that this was all, and closes.

        Returns:
            Whether everything went out before `lingerms` ran out.
        """
        return self._publisher.close()

    def __enter__(self) -> "DataPublisher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
