"""Another make's client reads and writes streams by docs/wire-format.md alone.

The Python in that document is what is run here: it is taken from it, word for word. It uses pyzmq,
msgpack and numpy, and nothing of blendtorch.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from support import CUBE, HANG_S, ROOT
from support.documents import code_under, definitions
from support.fleets import SMALL
from support.ports import on_free_ports
from support.processes import ends_well
from support.programs import Launch
from support.streams import dataset, publishing
from support.values import DTYPES, assert_same

DOCUMENT = ROOT / "docs" / "wire-format.md"


# The rest of a program that starts with the document's reader: reads until each instance has sent
# six samples, and says what they were.
WATCH = """
import json, sys

assert "blendtorch" not in sys.modules
addresses, seen, first = sys.argv[1:], {}, {}
for header in read(addresses):
    fields = header.pop("fields")
    first.setdefault(header["btid"], fields)
    seen.setdefault(header["btid"], []).append(header)
    if len(seen) == len(addresses) and min(map(len, seen.values())) >= 6:
        break
described = {
    btid: {name: [str(v.dtype), v.shape, float(v.min()), float(v.max()), int(v.std() > 0)]
           if isinstance(v, np.ndarray) else v for name, v in fields.items()}
    for btid, fields in first.items()
}
print(json.dumps({"seen": seen, "fields": described}))
"""


def test_a_plain_pull_reads_the_stream_of_the_root_launch_json(tmp_path: Path) -> None:
    program = tmp_path / "reader.py"
    program.write_text(code_under(DOCUMENT, "A reader") + WATCH)
    described = json.loads((ROOT / "launch.json").read_text())

    def read(port: int) -> dict[str, Any]:
        """What it reads of that launch.json as it stands, but for the ports."""
        path = tmp_path / f"launch {port}.json"
        path.write_text(json.dumps({**described, "start_port": port}))
        with Launch(path, tmp_path / f"said {port}") as fleet:
            addresses = fleet.started().addresses["DATA"]
            said = ends_well([sys.executable, "-P", program, *addresses])
            assert fleet.process.poll() is None, fleet.said()
        got: dict[str, Any] = json.loads(said)
        return got

    got = on_free_ports(read)
    assert set(got["seen"]) == set(got["fields"]) == {"0", "1"}
    for btid, headers in got["seen"].items():
        for key, values in {
            "format": [1],
            "kind": ["data"],
            "btid": [int(btid)],
            "publisher": [headers[0]["publisher"]],
            "episode": [0],
        }.items():
            assert [header[key] for header in headers[:6]] == values * 6
        # The only consumer misses nothing.
        assert [header["sequence"] for header in headers] == list(range(len(headers)))
        assert [header["sample"] for header in headers[:6]] == list(range(6))
        times = [header["time"] for header in headers]
        assert times == sorted(times) and abs(times[-1] / 1e9 - time.time()) < 3600
        fields = got["fields"][btid]
        assert list(fields) == ["image", "xy", "frameid"]
        dtype, shape, low, high, varies = fields["image"]
        assert (dtype, shape) == ("uint8", [480, 640, 3])
        assert 0 <= low < high <= 255 and varies
        dtype, shape, low, high, _ = fields["xy"]
        assert (dtype, shape) == ("float32", [48, 2])
        assert -640 < low < high < 1280
        assert fields["frameid"] == 1
    publishers = {headers[0]["publisher"] for headers in got["seen"].values()}
    assert len(publishers) == 2


def test_a_plain_pull_sees_finite_scenes_end(tmp_path: Path) -> None:
    small = [*SMALL, "--episodes", "1"]
    description = {
        "script": str(CUBE),
        "num_instances": 2,
        "named_sockets": ["DATA"],
        "proto": "ipc",
        "background": True,
        "instance_args": [small, small],
    }
    path = tmp_path / "launch.json"
    path.write_text(json.dumps(description))
    sequences: dict[int, list[int]] = {0: [], 1: []}
    with Launch(path, tmp_path / "said") as fleet:
        addresses = fleet.started().addresses["DATA"]
        for header in guarded(definitions(DOCUMENT, "A reader")["read"], addresses):
            sequences[header["btid"]].append(header["sequence"])
        # Nobody is kept waiting by a consumer that has not left.
        fleet.ends_well()
    assert sequences == {0: list(range(100)), 1: list(range(100))}


def guarded(read: Callable[[list[str]], Iterator[Any]], addresses: list[str]) -> list[Any]:
    """All that `read` yields; a thread, since the document's code waits without end."""
    items: list[Any] = []
    thread = threading.Thread(target=lambda: items.extend(read(addresses)), daemon=True)
    thread.start()
    thread.join(HANG_S)
    assert not thread.is_alive(), f"the reader still waits, after {len(items)} samples"
    return items


def all_kinds_of_values() -> dict[str, Any]:
    cube = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    return {
        "plain": [None, True, -(2**63), 2**64 - 1, 0.5, "æ", b"\0\xff"],
        "nested": {"a": (1, [(2, {"b": ()})]), 3: {(1, "x"): None}},
        "arrays": {name: np.ones((2, 1, 3), name) for name in DTYPES},
        "scalars": [np.dtype(name).type(1) for name in DTYPES],
        "odd": [np.zeros((0, 3), np.float16), np.array(7), cube.T, cube[::-1], cube.astype(">i4")],
        "large": np.arange(1 << 20, dtype=np.uint32),
    }


def test_the_documents_reader_reads_every_kind_of_value() -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        for _ in range(3):
            publisher.publish(**all_kinds_of_values())

    with publishing(publish, btid=3) as address:
        headers = guarded(definitions(DOCUMENT, "A reader")["read"], [address])
    assert [(h["btid"], h["sequence"], h["episode"]) for h in headers] == [
        (3, sequence, None) for sequence in range(3)
    ]
    for header in headers:
        assert_same(header["fields"], all_kinds_of_values())


def test_a_dataset_reads_what_the_documents_writer_publishes(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket"
    writer = definitions(DOCUMENT, "A writer")["Publisher"](address, btid=4)

    def publish() -> None:
        for _ in range(3):
            writer.publish(**all_kinds_of_values())
        with pytest.raises(TypeError, match="set"):
            writer.publish(x={1})
        writer.close()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    stream = dataset(address)
    items = list(stream)
    thread.join(HANG_S)
    for item in items:
        assert item.pop("btid") == 4
        assert_same(item, all_kinds_of_values())
    stats = stream.stats()
    assert (stats["received"], stats["missing"], stats["ended"]) == (3, 0, 1)
    assert stats["shm_bytes"] == 0


@pytest.mark.parametrize("message", [b"\x80\x04}\x94.", b"\x81\xa6format\x02", b""])
def test_messages_of_another_make_are_refused_by_name(message: bytes, tmp_path: Path) -> None:
    import zmq

    address = f"ipc://{tmp_path}/socket"
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger = 0
        socket.bind(address)
        thread = threading.Thread(target=socket.send, args=(message,), daemon=True)
        thread.start()
        with pytest.raises(btt.MalformedMessageError, match=re.escape(address)) as raised:
            next(iter(dataset(address)))
        assert ("wire format 2" in str(raised.value)) == (b"format" in message)
        thread.join(HANG_S)
