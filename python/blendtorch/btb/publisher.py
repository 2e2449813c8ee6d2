"""The publisher of a scene script."""

import atexit
import os
import sys
import threading
import warnings
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .. import ending
from .._blendtorch import Publisher, close_publishers
from . import asked, progress
from .draft import Draft

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_open: "weakref.WeakSet[DataPublisher]" = weakref.WeakSet()


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
            lingerms: how long `close` lets connected consumers take what is queued, at most, in
                milliseconds. 0, the default, lasts as long as one of them takes something every
                10 s. It may last 5 s more after Ctrl-C.
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
            linger_ms=lingerms if lingerms > 0 else None,
            shm_bytes=shm_bytes,
        )
        if self._publisher.warning:
            warnings.warn(self._publisher.warning, stacklevel=2)
        # Closing while the interpreter still runs is the only way to flush from a daemon thread,
        # a forgotten publisher, a script that just ends.
        weakref.finalize(self, _close_forgotten, self._publisher).atexit = False
        _watch()
        _open.add(self)

    @property
    def address(self) -> str:
        """The bound address, with the port that the system chose for port 0."""
        return self._publisher.address

    def publish(self, **kwargs: Any) -> None:
        """Publishes one item with these fields.

        Arrays are copied once, into memory that a consumer on this host reads directly, or go out
        to others from where they are: they may be changed as soon as this returns, not earlier.
        Blocks while the queues are full or nobody is connected; other threads run meanwhile.

        Where no `AnimationController` plays, what was asked of this instance is done after the
        item was sent: parameters get their values, and services are called.

        Raises:
            TypeError: a value cannot travel; the message names its field.
            MemoryError: there is no memory for what has to wait.
            OSError: the publisher is closed.
            SystemExit: the item was sent, and the launcher has asked this instance to stop.
        """
        self._publisher.publish(kwargs, progress.episode, progress.index)
        asked.published()

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
        the `heap`, to wait there for others to take them, and seconds `waited` for memory that slow
        consumers had. After `close`, how many messages were `undelivered`: given up because nobody
        took them in time.
        """
        return self._publisher.stats()

    def close(self) -> bool:
        """Lets consumers take what is queued, tells each that this was all, and closes.

        They are told that it is finished, or that it has failed and why where this is called
        because of an error, as in `finally`. What nobody took in time is counted in `stats` and
        warned of.

        Returns:
            Whether all consumers have taken everything.
        """
        error = sys.exception()
        return self._close(ending.of(error) if error else (None, None))

    def _close(self, end: tuple[str | None, str | None]) -> bool:
        all_taken = self._publisher.close(*end)
        _open.discard(self)
        if loss := self._publisher.take_loss():
            warnings.warn(loss, RuntimeWarning, stacklevel=3)
        return all_taken

    def __enter__(self) -> "DataPublisher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(ending.of(error) if error else (None, None))


def _close_forgotten(publisher: Publisher) -> None:
    """Closes one that nobody has any more."""
    publisher.close()
    _say_loss(publisher)


def _say_loss(publisher: Publisher) -> None:
    if loss := publisher.take_loss():
        print(f"blendtorch: {loss}", file=sys.stderr, flush=True)


def _close_all() -> None:
    """At exit: closes all that are open, each with how the process ends."""
    publishers = [one._publisher for one in _open]
    close_publishers([(publisher, *ending.of_process()) for publisher in publishers])
    for publisher in publishers:
        _say_loss(publisher)


def _published() -> int:
    return sum(int(one.stats()["messages"]) for one in list(_open))


_watching: int | None = None


def _watch() -> None:
    """With the first publisher of a process: from now on its end is noticed, and its threads'."""
    global _watching
    if _watching == os.getpid():
        return
    inherited, _watching = _watching is not None, os.getpid()
    # A child of multiprocessing ends without exit hooks, but runs what is registered so.
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        multiprocessing.Finalize(None, _close_all, exitpriority=0)
    if inherited:
        return
    # Those of its parent are not a child's to ask or to close.
    os.register_at_fork(after_in_child=_open.clear)
    atexit.register(_close_all)
    ending.watch(_published)
    before = threading.excepthook

    def excepthook(args: Any) -> None:
        how, reason = ending.of(args.exc_value)
        for one in list(_open) if how == "failed" else []:
            one._publisher.failed_here(reason or "")
        before(args)

    threading.excepthook = excepthook
