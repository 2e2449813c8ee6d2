"""Another make's client reads and writes streams by docs/wire-format.md alone.

The Python in that document is what is run here: it is taken from it, word for word. It uses pyzmq,
msgpack and numpy, and nothing of blendtorch.
"""

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "wire-format.md"
PROGRAM = Path(sys.executable).with_name("blendtorch-launch")

# Against hangs only: the first frame of a busy machine without a GPU may take a minute.
HANG_S = 600


def documented(heading: str) -> str:
    """The Python code under a heading of the document."""
    section = DOCUMENT.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    code: str = section.split("\n```python\n")[1].split("\n```\n")[0]
    assert "blendtorch" not in code, "the document's code must need no blendtorch"
    return code


def definitions(heading: str) -> dict[str, Any]:
    """What that code defines."""
    names: dict[str, Any] = {}
    exec(compile(documented(heading), f"{DOCUMENT.name}: {heading}", "exec"), names)
    return names


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


class Launched:
    """A running `blendtorch-launch` and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], info: Path, output: Path) -> None:
        self.process, self.info, self.output = process, info, output

    def started(self) -> bool:
        """Waits for the launch info; False if the program ended without it."""
        deadline = time.monotonic() + HANG_S
        while not self.info.exists():
            assert time.monotonic() < deadline, self.output.read_text()
            if self.process.poll() is not None:
                return self.info.exists()
            time.sleep(0.01)
        return True

    def addresses(self) -> list[str]:
        found: list[str] = json.loads(self.info.read_text())["addresses"]["DATA"]
        return found


@contextmanager
def launched(description: Path) -> Iterator[Launched]:
    """`blendtorch-launch` as a user runs it, in the root of the checkout."""
    assert PROGRAM.exists(), f"{PROGRAM} is missing: install the wheel, as `make test` does"
    info, output = description.with_suffix(".info"), description.with_suffix(".out")
    with output.open("wb") as out:
        process = subprocess.Popen(
            [PROGRAM, "--out-launch-info", info, description],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Launched(process, info, output)
    finally:
        process.terminate()
        try:
            process.wait(HANG_S)
        finally:
            process.kill()


def on_free_ports(tmp_path: Path, use: Callable[[Launched], Any]) -> Any:
    """The root launch.json as it stands, but for the ports, which other programs may have."""
    description = json.loads((ROOT / "launch.json").read_text())
    for attempt in range(20):
        # Below the ports that the system gives out by itself.
        description["start_port"] = random.randrange(20_000, 30_000)
        path = tmp_path / f"launch {attempt}.json"
        path.write_text(json.dumps(description))
        with launched(path) as fleet:
            if fleet.started():
                return use(fleet)
        said = fleet.output.read_text()
        assert "occupied" in said, said
    raise AssertionError("no free ports were found")


def test_a_plain_pull_reads_the_stream_of_the_root_launch_json(tmp_path: Path) -> None:
    program = tmp_path / "reader.py"
    program.write_text(documented("A reader") + WATCH)

    def read(fleet: Launched) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-P", program, *fleet.addresses()],
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr}\n{fleet.output.read_text()}"
        assert fleet.process.poll() is None, fleet.output.read_text()
        got: dict[str, Any] = json.loads(done.stdout)
        return got

    got = on_free_ports(tmp_path, read)
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
    small = ["--width", "64", "--height", "48", "--episodes", "1"]
    description = {
        "script": str(ROOT / "examples" / "datagen" / "cube.blend.py"),
        "num_instances": 2,
        "named_sockets": ["DATA"],
        "proto": "ipc",
        "background": True,
        "instance_args": [small, small],
    }
    path = tmp_path / "launch.json"
    path.write_text(json.dumps(description))
    sequences: dict[int, list[int]] = {0: [], 1: []}
    with launched(path) as fleet:
        assert fleet.started(), fleet.output.read_text()
        for header in guarded(definitions("A reader")["read"], fleet.addresses()):
            sequences[header["btid"]].append(header["sequence"])
        # Nobody is kept waiting by a consumer that has not left.
        assert fleet.process.wait(HANG_S) == 0, fleet.output.read_text()
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
    names = [
        "bool",
        "uint8",
        "int8",
        "uint16",
        "int16",
        "uint32",
        "int32",
        "uint64",
        "int64",
        "float16",
        "float32",
        "float64",
    ]
    cube = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    return {
        "plain": [None, True, -(2**63), 2**64 - 1, 0.5, "æ", b"\0\xff"],
        "nested": {"a": (1, [(2, {"b": ()})]), 3: {(1, "x"): None}},
        "arrays": {name: np.ones((2, 1, 3), name) for name in names},
        "scalars": [np.dtype(name).type(1) for name in names],
        "odd": [np.zeros((0, 3), np.float16), np.array(7), cube.T, cube[::-1], cube.astype(">i4")],
        "large": np.arange(1 << 20, dtype=np.uint32),
    }


def assert_same(got: Any, expected: Any) -> None:
    assert type(got) is type(expected)
    if isinstance(expected, np.ndarray | np.generic):
        assert (got.dtype, got.shape) == (expected.dtype.newbyteorder("="), expected.shape)
        assert (got == expected).all()
    elif isinstance(expected, dict):
        assert list(got) == list(expected)
        for key in expected:
            assert_same(got[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(got) == len(expected)
        for pair in zip(got, expected, strict=True):
            assert_same(*pair)
    else:
        assert got == expected


def test_the_documents_reader_reads_every_kind_of_value() -> None:
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", btid=3, lingerms=HANG_S * 1000)

    def publish() -> None:
        for _ in range(3):
            publisher.publish(**all_kinds_of_values())
        publisher.close()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    headers = guarded(definitions("A reader")["read"], [publisher.address])
    thread.join(HANG_S)
    assert [(h["btid"], h["sequence"], h["episode"]) for h in headers] == [
        (3, sequence, None) for sequence in range(3)
    ]
    for header in headers:
        assert_same(header["fields"], all_kinds_of_values())


def test_a_dataset_reads_what_the_documents_writer_publishes(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/socket"
    writer = definitions("A writer")["Publisher"](address, btid=4)

    def publish() -> None:
        for _ in range(3):
            writer.publish(**all_kinds_of_values())
        with pytest.raises(TypeError, match="set"):
            writer.publish(x={1})
        writer.close()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    dataset = btt.RemoteIterableDataset([address], timeoutms=HANG_S * 1000)
    items = list(dataset)
    thread.join(HANG_S)
    for item in items:
        assert item.pop("btid") == 4
        assert_same(item, all_kinds_of_values())
    stats = dataset.stats()
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
            next(iter(btt.RemoteIterableDataset([address], timeoutms=HANG_S * 1000)))
        assert ("wire format 2" in str(raised.value)) == (b"format" in message)
        thread.join(HANG_S)
