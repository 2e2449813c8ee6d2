"""Statement 15 of the contract: no received byte can run code."""

import os
import pickle
import threading
from pathlib import Path
from typing import Any

import zmq
from support import HANG_S, LONG_MS
from support.processes import run_python
from support.streams import publishing


class Bomb:
    """What a pickle does when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.path),))


# Receives in a process that records whatever Python runs or opens on behalf of what it reads.
WATCHED = f"""
import sys
from blendtorch import btt

items = iter(btt.RemoteIterableDataset(sys.argv[1:], timeoutms={LONG_MS}))
assert next(items)["x"] == 1  # and all is imported
seen = []
watching = True
sys.addaudithook(lambda event, arguments: seen.append(event) if watching else None)
refused = 0
while True:
    try:
        item = next(items)
    except btt.MalformedMessageError:
        refused += 1
        continue
    if item["x"] == 2:
        break
watching = False
print(refused, sorted(event for event in set(seen) if not event.startswith("object.")))
"""


def test_conformance_15_no_received_byte_can_run_code(tmp_path: Path) -> None:
    import msgpack

    bomb = pickle.dumps({"x": 2, "image": Bomb(tmp_path / "exploded")})
    pickle.loads(pickle.dumps(Bomb(tmp_path / "a real one")))
    assert (tmp_path / "a real one").is_dir(), "the bomb is none"

    address = f"ipc://{tmp_path}/socket"
    with publishing(lambda publisher: publisher.publish(x=1)) as own, zmq.Context() as context:
        good = read_frames(own)
        with context.socket(zmq.PUSH) as push:
            push.linger = 0
            push.bind(address)
            header = msgpack.unpackb(good[0], ext_hook=msgpack.ExtType, strict_map_key=False)

            def with_field(sequence: int, value: Any) -> bytes:
                fields = {"x": value}
                packed: bytes = msgpack.packb({**header, "sequence": sequence, "fields": fields})
                return packed

            def send() -> None:
                push.send(with_field(0, 1))
                push.send(bomb)
                for code in (1, 5, 42, 127):
                    push.send(with_field(code, msgpack.ExtType(code, bomb)))
                push.send_multipart([bomb, bomb])
                push.send(with_field(200, bomb))  # as bytes it may travel, and stays bytes
                push.send(with_field(201, 2))

            thread = threading.Thread(target=send, daemon=True)
            thread.start()
            said = run_python(WATCHED, address)
            thread.join(HANG_S)
    assert not (tmp_path / "exploded").exists()
    assert said == "6 []\n", said


def read_frames(address: str) -> list[bytes]:
    """One message, as another make's client sees it."""
    with zmq.Context() as context, context.socket(zmq.PULL) as pull:
        pull.linger = 0
        pull.rcvtimeo = LONG_MS
        pull.connect(address)
        frames: list[bytes] = pull.recv_multipart()
    return frames
