"""What no Python can hold is a malformed message wherever it comes in: told of, counted, and the
next one comes. Regressions: it was a bare TypeError or ValueError, behind all counts, that named
neither sender nor field, or worse."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import zmq
from blendtorch import btt
from support import HANG_S, LONG_MS
from support.malformed import BTID, MALFORMED, end, ext, message
from support.streams import dataset

GOOD = (ext(1, ["uint8", [2, 0], 1]), [b""])


@contextmanager
def peer(kind: int, work: Callable[[Any], None]) -> Iterator[str]:
    """The address of a socket of another make, which does its work in a thread."""
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.linger = 0
        socket.sndtimeo = socket.rcvtimeo = LONG_MS
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        thread = threading.Thread(target=work, args=(socket,), daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{port}"
        thread.join(HANG_S)
        assert not thread.is_alive()


def all_of_them(socket: Any) -> None:
    """A good message behind each bad one, and an end."""
    for number, (_, _, value, payload) in enumerate(MALFORMED):
        socket.send_multipart(message(value, payload, 2 * number))
        socket.send_multipart(message(*GOOD, 2 * number + 1))
    socket.send_multipart(end(2 * len(MALFORMED)))


def check(errors: list[btt.MalformedMessageError], address: str) -> None:
    assert len(errors) == len(MALFORMED)
    for error, (what, says, _, _) in zip(errors, MALFORMED, strict=True):
        assert f"{address} (instance {BTID})" in str(error), what
        assert says in str(error), what
        assert "'x'" in str(error) or "frame 1" in str(error), what


@pytest.mark.parametrize("batches", [False, True])
def test_a_stream_goes_on_behind_what_python_cannot_hold(batches: bool) -> None:
    with peer(zmq.PUSH, all_of_them) as address:
        stream: Any = dataset(address)
        if batches:
            pytest.importorskip("torch")
            stream = btt.DataLoader(stream, batch_size=1)
        errors, shapes = [], []
        iterator = iter(stream)
        while True:
            try:
                shapes.append(tuple(next(iterator)["x"].shape))
            except btt.MalformedMessageError as error:
                errors.append(error)
            except StopIteration:
                break
    check(errors, address)
    assert shapes == [(1, 2, 0) if batches else (2, 0)] * len(MALFORMED)
    stats = stream.stats()
    assert (stats["malformed"], stats["received"]) == (len(MALFORMED), len(MALFORMED))
    assert stats["discarded"] == 0


def test_a_duplex_channel_goes_on_behind_what_python_cannot_hold() -> None:
    with peer(zmq.PAIR, all_of_them) as address:
        duplex = btt.DuplexChannel(address)
        errors = []
        for _ in MALFORMED:
            with pytest.raises(btt.MalformedMessageError) as raised:
                duplex.recv(timeoutms=LONG_MS)
            errors.append(raised.value)
            received = duplex.recv(timeoutms=LONG_MS)
            assert received is not None and received["x"].shape == (2, 0)
        duplex.close()
    check(errors, address)


def test_an_environment_goes_on_behind_an_answer_that_python_cannot_hold() -> None:
    def answer(socket: Any) -> None:
        for _, _, value, payload in MALFORMED:
            socket.recv_multipart()
            socket.send_multipart(message(value, payload))
        socket.recv_multipart()
        frames = message(*GOOD)
        frames[0] = frames[0].replace(b"\x81\xa1x", b"\x81\xa3obs")
        socket.send_multipart(frames)

    with peer(zmq.REP, answer) as address:
        env = btt.RemoteEnv(address, timeoutms=LONG_MS)
        errors = []
        for _ in MALFORMED:
            with pytest.raises(btt.MalformedMessageError) as raised:
                env.reset()
            errors.append(raised.value)
        assert env.reset()[0].shape == (2, 0)
        env.close()
    check(errors, address)
