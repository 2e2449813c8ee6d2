"""Statements 8 to 16 of the contract: streaming over real sockets. Further tests of theirs, under
the same names, are where their kind is tested: values in `test_btt_values.py`, counts in
`test_accounting.py`, workers in `test_torch_dataloader.py`, waits in `test_btt_dataset.py`, queues
and fairness in `transport/tests`."""

import inspect
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from blendtorch import btb, btt
from btb_support import Runtime
from btt_support import CUBE, HANG_S, LONG_MS, dataset, eventually, publishing, run_python

MEGABYTE = np.zeros(1 << 20, np.uint8)


def defaults(function: Any) -> list[tuple[str, Any]]:
    parameters = list(inspect.signature(function).parameters.values())
    return [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


def numbers(count: int) -> Any:
    """Publishes so many numbered items."""

    def publish(publisher: btb.DataPublisher) -> None:
        for number in range(count):
            publisher.publish(number=number)

    return publish


def test_conformance_8_the_publishers_arguments_and_defaults_are_the_originals() -> None:
    needed = inspect.Parameter.empty
    assert defaults(btb.DataPublisher) == [
        ("bind_address", needed),
        ("btid", None),
        ("send_hwm", 10),
        ("lingerms", 0),
    ]


def test_conformance_9_the_datasets_arguments_and_defaults_are_the_originals() -> None:
    assert defaults(btt.RemoteIterableDataset) == [
        ("addresses", inspect.Parameter.empty),
        ("queue_size", 10),
        ("timeoutms", 10000),
        ("max_items", 100000),
        ("item_transform", None),
        ("record_path_prefix", None),
    ]
    assert [name for name, _ in defaults(btt.RemoteIterableDataset._item)] == ["self", "item"]


PUBLISHES = """
import numpy as np
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
with btb.DataPublisher(args.btsockets["DATA"], args.btid, lingerms=60_000) as publisher:
    image = np.arange(48 * 64 * 4, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 4)
    for frame in range(3):
        publisher.publish(
            frame=frame,
            image=image + frame,
            columns=np.asfortranarray(image[..., :3]),
            upside_down=image[::-1],
            depth=np.full((48, 64), frame, np.float32),
            ids=np.array([[1], [2]], np.int64),
        )
"""


def test_conformance_8_an_item_carries_btid_and_what_was_published(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = tmp_path / "scene.py"
    script.write_text(PUBLISHES)
    with btt.BlenderLauncher(
        "", script, 2, ["DATA"], proto="ipc", background=True, blender=runtime.place
    ) as bl:
        items = list(dataset(*bl.launch_info.addresses["DATA"]))
    image = np.arange(48 * 64 * 4, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 4)
    for btid in range(2):
        mine = [item for item in items if item["btid"] == btid]
        assert [item["frame"] for item in mine] == [0, 1, 2]
        for frame, item in enumerate(mine):
            expected = {
                "image": image + np.uint8(frame),
                "columns": image[..., :3],
                "upside_down": image[::-1],
                "depth": np.full((48, 64), frame, np.float32),
                "ids": np.array([[1], [2]], np.int64),
            }
            assert set(item) == {"btid", "frame", *expected}
            for name, array in expected.items():
                got = item[name]
                assert (got.dtype, got.shape) == (array.dtype, array.shape), name
                assert got.flags.c_contiguous and (got == array).all(), name


def is_held_back(publisher: btb.DataPublisher) -> bool:
    """Whether it waits in `publish`: all queues behind it are full."""
    before = publisher.stats()
    time.sleep(0.5)
    after = publisher.stats()
    return after["messages"] == before["messages"] and after["blocked"] > before["blocked"]


def test_conformance_9_one_iterator_takes_from_all_addresses_in_turn() -> None:
    full = threading.Event()
    sent: list[btb.DataPublisher] = []

    def flood(publisher: btb.DataPublisher) -> None:
        sent.append(publisher)
        for number in range(60):
            publisher.publish(number=number, load=MEGABYTE)
            if number == 0:
                full.wait(HANG_S)

    with ExitStack() as stack:
        addresses = [stack.enter_context(publishing(flood, btid)) for btid in range(4)]
        items = iter(dataset(*addresses))
        first = [next(items) for _ in range(4)]
        full.set()
        # All queues are full, whatever the four threads were given of the cores.
        for publisher in sent:
            eventually("it is held back", lambda p=publisher: is_held_back(p))
        taken = [item["btid"] for item in first] + [next(items)["btid"] for _ in range(20)]
        items.close()
    counts = Counter(taken)
    assert set(counts) == {0, 1, 2, 3}
    # A round or two may be off while a queue is refilled.
    assert min(counts.values()) >= 4, counts


def test_conformance_9_one_producer_and_one_consumer_keep_order() -> None:
    with publishing(numbers(3000)) as address:
        assert [item["number"] for item in dataset(address)] == list(range(3000))


def test_conformance_11_a_full_queue_blocks_and_neither_drops_nor_grows() -> None:
    stop = threading.Event()
    held: list[btb.DataPublisher] = []

    def flood(publisher: btb.DataPublisher) -> None:
        held.append(publisher)
        number = 0
        while not stop.is_set():
            publisher.publish(number=number, load=MEGABYTE)
            number += 1

    with publishing(flood) as address:
        items = iter(dataset(address))
        assert next(items)["number"] == 0
        (publisher,) = held
        eventually("it is held back", lambda: is_held_back(publisher))
        full = publisher.stats()["messages"]
        # Ten wait here and ten there, and a few are on their way.
        assert full < 60
        time.sleep(1)
        assert publisher.stats()["messages"] == full
        taken = [next(items)["number"] for _ in range(3 * int(full))]
        stop.set()
        items.close()
    assert taken == list(range(1, 3 * int(full) + 1))


def test_conformance_11_the_queues_have_the_sizes_asked_for() -> None:
    filled = []
    for size in (2, 20):
        publisher = btb.DataPublisher("tcp://127.0.0.1:0", send_hwm=size)
        stop = threading.Event()

        def flood(publisher: btb.DataPublisher = publisher, stop: Any = stop) -> None:
            while not stop.is_set():
                try:
                    publisher.publish(load=MEGABYTE)
                except OSError:
                    return

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        items = iter(dataset(publisher.address, queue_size=size))
        next(items)
        eventually("it is held back", lambda p=publisher: is_held_back(p))
        filled.append(publisher.stats()["messages"])
        stop.set()
        items.close()
        publisher.close()
        thread.join(HANG_S)
    # 18 more on either side; how many bytes the system takes between them is its own business.
    assert filled[1] >= filled[0] + 2 * 18 - 6, filled


def test_conformance_12_with_nobody_connected_silence_is_an_error_after_timeoutms() -> None:
    with socket.socket() as bound:  # does not listen: nobody can
        bound.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(TimeoutError, match=f"{nobody} never connected") as raised:
            next(iter(dataset(nobody, timeoutms=400)))
        waited = time.monotonic() - started
    assert not isinstance(raised.value, AssertionError)
    # Not the two minutes of a connected publisher.
    assert 0.4 <= waited < 100


def test_conformance_12_a_connected_publisher_gets_longer_for_its_first_item() -> None:
    """`btt/src/dataset/patience.rs` has the test that it is 120 s."""
    go_on = threading.Event()

    def publish(publisher: btb.DataPublisher) -> None:
        go_on.wait(HANG_S)
        publisher.publish(x=1)

    with (
        publishing(publish) as address,
        closing(iter(dataset(address, timeoutms=3000))) as items,
    ):
        threading.Timer(8, go_on.set).start()
        assert next(items)["x"] == 1


def test_conformance_13_an_instance_that_dies_does_not_stop_the_others(runtime: Runtime) -> None:
    own = [["--width", "64", "--height", "48"]] * 2
    with btt.BlenderLauncher(
        "", CUBE, 2, ["DATA"], None, "127.0.0.1", own, "ipc", None, 1, True, blender=runtime.place
    ) as bl:
        items = iter(dataset(*bl.launch_info.addresses["DATA"]))
        seen: set[int] = set()
        while seen != {0, 1}:
            seen.add(next(items)["btid"])
        os.kill(bl.status()[0]["pid"], signal.SIGKILL)
        eventually("it is seen dead", lambda: not bl.status()[0]["running"])
        # More comes of the other than the queues can have held.
        others = (item for item in items if item["btid"] == 1)
        assert sum(1 for _ in islice(others, 100)) == 100


def test_conformance_14_what_was_prefetched_when_an_iterator_ends_is_counted() -> None:
    held: list[btb.DataPublisher] = []

    def publish(publisher: btb.DataPublisher) -> None:
        held.append(publisher)
        with suppress(OSError):  # closed when the test is over
            for number in range(200):
                publisher.publish(number=number, load=MEGABYTE)

    with publishing(publish) as address:
        items = dataset(address, max_items=3)
        stream = iter(items)
        first = next(stream)
        eventually("it is held back", lambda: is_held_back(held[0]))
        assert [first["number"], *(item["number"] for item in stream)] == [0, 1, 2]
        stats = items.stats()
    assert stats["received"] == 3 + stats["discarded"]
    # Of those that nobody asked for, what had arrived: a queue of ten, and one that came meanwhile.
    assert 1 <= stats["discarded"] <= 11
    assert (stats["missing"], stats["duplicated"], stats["reordered"]) == (0, 0, 0)


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


def test_conformance_15_blenders_own_types_travel_as_arrays(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = tmp_path / "scene.py"
    script.write_text(
        """
import bpy
from mathutils import Color, Euler, Matrix, Quaternion, Vector
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
with btb.DataPublisher(args.btsockets["DATA"], args.btid, lingerms=60_000) as publisher:
    refused = []
    for value in (bpy.data.objects["Cube"], bpy.context, {1, 2}, print):
        try:
            publisher.publish(thing=value)
        except TypeError as error:
            refused.append(str(error))
    cube = bpy.data.objects["Cube"]
    cube.location = (1, 2, 3)
    bpy.context.view_layer.update()
    publisher.publish(
        refused=refused,
        vector=Vector((1, 2, 3)),
        among=[Vector((1, 2, 3)), {"there": Color((0.25, 0.5, 0.75))}],
        location=cube.location,
        matrix=Matrix(((1, 2, 3), (4, 5, 6))),
        world=cube.matrix_world,
        quaternion=Quaternion((1, 2, 3, 4)),
        euler=Euler((0.5, 0.25, 0.125)),
        color=Color((0.25, 0.5, 0.75)),
    )
"""
    )
    with btt.BlenderLauncher(
        "", script, named_sockets=["DATA"], proto="ipc", background=True, blender=runtime.place
    ) as bl:
        (item,) = dataset(*bl.launch_info.addresses["DATA"])
    expected = {
        "vector": [1, 2, 3],
        "location": [1, 2, 3],
        "matrix": [[1, 2, 3], [4, 5, 6]],
        "world": [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]],
        "quaternion": [1, 2, 3, 4],
        "euler": [0.5, 0.25, 0.125],
        "color": [0.25, 0.5, 0.75],
    }
    for name, values in expected.items():
        assert isinstance(item[name], np.ndarray) and item[name].dtype.kind == "f", name
        assert item[name].tolist() == values, name
    first, second = item["among"]
    assert (first.tolist(), second["there"].tolist()) == ([1, 2, 3], expected["color"])
    assert len(item["refused"]) == 4
    assert all("'thing'" in said and "cannot travel" in said for said in item["refused"])


# Publishes a queue full and then ends in its own way, while its consumer takes nothing.
ENDS = f"""
import sys
import numpy as np
from blendtorch import btb

publisher = btb.DataPublisher("tcp://127.0.0.1:0", 7, lingerms={LONG_MS})
print(publisher.address, flush=True)
for number in range(8):
    publisher.publish(number=number, load=np.full(1 << 20, number, np.uint8))
print("ends", flush=True)
"""


@pytest.mark.parametrize(
    "way", ["publisher.close()", "del publisher", "pass", "sys.exit()", "raise ValueError"]
)
def test_conformance_16_every_end_of_a_script_flushes_for_lingerms(way: str) -> None:
    """`pass`: the interpreter just exits."""
    gone = f"\n{way}\nprint('gone', flush=True)\n"
    words = [sys.executable, "-P", "-c", ENDS + gone]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().decode().strip()
            items = iter(dataset(address, queue_size=1))
            got = [next(items)]
            assert process.stdout.readline() == b"ends\n"
            # It waits for its consumer; without that it would be gone now.
            time.sleep(1.5)
            assert process.poll() is None
            # One that failed says so behind its last item.
            failed = pytest.raises(btt.InstanceFailedError, match="ValueError")
            with failed if "raise" in way else nullcontext():
                for item in items:
                    got.append(item)
            assert process.wait(HANG_S) == (1 if "raise" in way else 0)
        finally:
            process.kill()
    assert [item["number"] for item in got] == list(range(8))
    assert all((item["load"] == item["number"]).all() for item in got)


def test_conformance_16_close_waits_for_lingerms_and_says_whether_all_went_out() -> None:
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", lingerms=1700)
    thread = threading.Thread(target=numbers(1), args=(publisher,), daemon=True)
    thread.start()
    items = iter(dataset(publisher.address, queue_size=1))
    next(items)
    thread.join(HANG_S)
    # Connected, and it takes nothing more: what is sent now is never taken.
    publisher.publish(load=MEGABYTE)
    started = time.monotonic()
    assert publisher.close() is False
    assert time.monotonic() - started >= 1.7
    items.close()
