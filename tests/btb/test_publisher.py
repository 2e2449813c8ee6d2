"""Statements 8 and 11 of the contract, and more of the publisher of scene scripts."""

import inspect
import re
import subprocess
import sys
import threading
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from support import HANG_S, LONG_MS
from support.processes import eventually
from support.runtimes import Runtime
from support.streams import dataset, publishing


def defaults(function: Any) -> list[tuple[str, Any]]:
    parameters = list(inspect.signature(function).parameters.values())
    return [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


def test_conformance_8_the_publishers_arguments_and_defaults_are_the_originals() -> None:
    needed = inspect.Parameter.empty
    assert defaults(btb.DataPublisher) == [
        ("bind_address", needed),
        ("btid", None),
        ("send_hwm", 10),
        ("lingerms", 0),
    ]


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


def test_publish_copies_nothing_in_python() -> None:
    image = np.zeros((24 << 20,), np.uint8)
    peaks: list[int] = []

    def publish(publisher: btb.DataPublisher) -> None:
        publisher.publish(image=image)  # whatever is imported on first use
        tracemalloc.start()
        try:
            for number in range(1, 4):
                image[:] = number
                tracemalloc.reset_peak()
                publisher.publish(image=image)
                peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        image[:] = 255

    with publishing(publish) as address:
        # The dataset's own memory is no concern of Python's allocators either.
        got = [(int(item["image"].min()), int(item["image"].max())) for item in dataset(address)]
    assert got == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert max(peaks) < 1 << 20, peaks


def publishing_thread(publisher: btb.DataPublisher, failed: list[str]) -> threading.Thread:
    """A thread that waits in `publish`, because nobody is connected."""

    def publish() -> None:
        try:
            publisher.publish(x=1)
        except OSError as error:
            failed.append(str(error))

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    # Counted from inside the wait; and this thread could not ask if that held the GIL.
    eventually("it waits", lambda: publisher.stats()["blocked"] > 0.2)
    return thread


def test_conformance_11_publishing_without_a_consumer_blocks() -> None:
    failed: list[str] = []
    with btb.DataPublisher("tcp://127.0.0.1:0") as publisher:
        thread = publishing_thread(publisher, failed)
        assert publisher.stats()["messages"] == 0
        assert next(iter(dataset(publisher.address)))["x"] == 1
        thread.join(HANG_S)
        assert publisher.stats()["messages"] == 1 and not failed


def test_threads_may_ask_and_close_a_publisher_that_waits() -> None:
    failed: list[str] = []
    publisher = btb.DataPublisher("tcp://127.0.0.1:0")
    thread = publishing_thread(publisher, failed)
    assert re.fullmatch(r"tcp://127\.0\.0\.1:\d+", publisher.address)
    publisher.close()
    thread.join(HANG_S)
    assert failed == ["the publisher is closed"]
    assert publisher.stats()["messages"] == 0
    with pytest.raises(OSError, match="closed"):
        publisher.publish(x=1)


def test_a_publisher_that_others_reach_warns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLENDTORCH_LAUNCHED", raising=False)
    with pytest.warns(UserWarning, match=r"0\.0\.0\.0:\d+: whoever .* can read") as told:
        btb.DataPublisher("tcp://0.0.0.0:0").close()
    (warning,) = (one for one in told if one.category is UserWarning)
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        btb.DataPublisher("tcp://127.0.0.1:0").close()
        # The launcher has said it for all its instances.
        monkeypatch.setenv("BLENDTORCH_LAUNCHED", "1")
        btb.DataPublisher("tcp://0.0.0.0:0").close()


@pytest.mark.parametrize(("shm_bytes", "warns"), [(0, False), (1, True), (599_999, True)])
def test_a_pool_too_small_for_the_arrays_costs_a_copy_and_is_said_once(
    shm_bytes: int, warns: bool
) -> None:
    publisher = btb.DataPublisher(
        "tcp://127.0.0.1:0", send_hwm=0, lingerms=LONG_MS, shm_bytes=shm_bytes
    )
    image = np.full(200_000, 7, np.uint8)
    told: list[Any] = []

    def publish() -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(5):
                publisher.publish(image=image)
                with publisher.begin(image=(image.shape, image.dtype)) as draft:
                    draft["image"][...] = image
                    draft.publish()
        told.extend(caught)
        publisher.close()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    items = list(dataset(publisher.address))
    thread.join(HANG_S)
    assert len(items) == 10 and all((item["image"] == 7).all() for item in items)
    stats = publisher.stats()
    # Where nothing is shared, arrays of the script's go out from where they are, if they can.
    assert 5 <= stats["heap"] <= 10 if shm_bytes == 0 else stats["heap"] == 10
    assert stats["shared"] == 0
    assert len(told) == warns
    for warning in told:
        assert f"more than the {shm_bytes} bytes of shared memory" in str(warning.message)
        assert "set shm_bytes higher" in str(warning.message) and warning.filename == __file__


@pytest.mark.parametrize("name", ["send_hwm", "shm_bytes"])
def test_negative_numbers_are_refused_by_name(name: str) -> None:
    options: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=f"{name} must not be negative, as -1 is"):
        btb.DataPublisher("tcp://127.0.0.1:0", **options)


def test_arrays_that_wait_for_a_slow_consumer_are_as_they_were_published() -> None:
    """Over a network they are sent from where they are, where they can go at once."""
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", shm_bytes=0, lingerms=HANG_S * 1000)
    image = np.zeros((700, 1000, 4), np.uint8)
    mask = bytearray(50_000)

    def publish() -> None:
        for i in range(30):
            image.fill(i)
            mask[:] = bytes([i]) * len(mask)
            # Not in C order: copied by numpy, then lent.
            turned = image[:, ::2].transpose(1, 0, 2)
            publisher.publish(frameid=i, image=image, turned=turned, mask=memoryview(mask))
        mask.extend(b"free")  # nothing holds it any more
        publisher.close()

    producer = threading.Thread(target=publish)
    producer.start()
    got = []
    for item in dataset(publisher.address):
        if len(got) % 10 == 5:
            producer.join(0.2)
        values = [np.unique(item[name]).tolist() for name in ("image", "turned", "mask")]
        assert values == [[item["frameid"]]] * 3
        got.append(item["frameid"])
    producer.join(HANG_S)
    assert got == list(range(30))
    assert publisher.stats()["undelivered"] == 0 and len(mask) == 50_004


CHANGED_MEANWHILE = """
import signal
import numpy as np
from blendtorch import btb
publisher = btb.DataPublisher("tcp://127.0.0.1:0", shm_bytes=0, lingerms=60000)
image = np.full((200, 200), 3, np.uint8)

def change(*_):
    if publisher.stats()["blocked"] == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.05)  # before it waits
        return
    image.fill(9)
    print(publisher.address, flush=True)

signal.signal(signal.SIGALRM, change)
signal.setitimer(signal.ITIMER_REAL, 0.05)
publisher.publish(image=image)
publisher.publish(image=image)
publisher.close()
"""


def test_what_is_changed_while_publish_waits_for_a_consumer_is_not_in_the_item() -> None:
    """Regression: arrays that are sent from where they are were the script's again too late.

    A signal handler runs meanwhile, and so do services that were called.
    """
    producer = subprocess.Popen(
        [sys.executable, "-P", "-c", CHANGED_MEANWHILE], stdout=subprocess.PIPE, text=True
    )
    try:
        assert producer.stdout is not None
        address = producer.stdout.readline().strip()
        values = [np.unique(item["image"]).tolist() for item in dataset(address)]
        assert producer.wait(HANG_S) == 0
    finally:
        producer.kill()
    assert values == [[3], [9]]
