"""Drafts without Blender: arrays that are written where the consumer reads them."""

import gc
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from support import HANG_S, LONG_MS
from support.processes import eventually, run_python
from support.streams import dataset, publishing

SHAPE = (64, 80, 4)


@pytest.fixture
def publisher() -> Iterator[btb.DataPublisher]:
    with btb.DataPublisher("tcp://127.0.0.1:0") as publisher:
        yield publisher


def received(publish: Any) -> list[dict[str, Any]]:
    """The items of a publisher that does this, kept until all have come."""
    with publishing(publish) as address:
        return list(dataset(address))


def test_what_is_written_arrives_in_order_with_the_fields_behind() -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        for frame in range(30):
            with publisher.begin(image=(SHAPE, np.uint8), depth=((64, 80), "float32")) as draft:
                draft["image"][...] = frame
                draft["depth"][...] = frame / 4
                # Later a consumer that gets no turn on a busy machine may have all slots.
                assert frame or (draft.shared("image") and draft.shared("depth"))
                assert list(draft) == ["image", "depth"] and len(draft) == 2
                draft.publish(frameid=frame)
        stats = publisher.stats()
        assert stats["shared"] + stats["heap"] == 60

    items = received(publish)
    assert [item["frameid"] for item in items] == list(range(30))
    for frame, item in enumerate(items):
        assert [name for name in item if name != "btid"] == ["image", "depth", "frameid"]
        assert item["image"].shape == SHAPE and item["image"].dtype == np.uint8
        assert item["depth"].shape == (64, 80) and item["depth"].dtype == np.float32
        assert (item["image"] == frame).all() and (item["depth"] == frame / 4).all()


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "float64"])
def test_every_dtype_is_written_in_place(dtype: str) -> None:
    values = np.arange(20_000).astype(dtype).reshape(100, 200)

    def publish(publisher: btb.DataPublisher) -> None:
        with publisher.begin(x=((100, 200), dtype), empty=((0, 3), dtype), one=((), dtype)) as d:
            d["x"][...] = values
            d["one"][...] = 1
            d.publish()

    (item,) = received(publish)
    assert (item["x"] == values).all() and item["x"].dtype == values.dtype
    assert item["empty"].shape == (0, 3) and item["one"].shape == () and item["one"] == 1


def test_arrays_are_read_only_after_publish_and_cannot_be_made_writable() -> None:
    kept: list[Any] = []

    def publish(publisher: btb.DataPublisher) -> None:
        draft = publisher.begin(image=(SHAPE, np.uint8))
        image = draft["image"]
        image[...] = 7
        address = image.ctypes.data
        draft.publish()
        for late in (lambda: draft["image"], draft.publish):
            with pytest.raises(RuntimeError, match="the draft is over"):
                late()
        kept.append((draft, image, address))

    (item,) = received(publish)
    ((draft, image, address),) = kept
    assert (item["image"] == 7).all()
    assert image.ctypes.data == address and not image.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        image[0] = 1
    for array in (image, image.base):
        with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
            array.flags.writeable = True
    with pytest.raises(RuntimeError, match="the draft is over"):
        np.asarray(image.base.base)
    draft.discard()


def test_a_view_that_the_user_made_never_changes_what_was_published() -> None:
    """Each writes through a view made before the publish, as soon as the item is out."""

    def publish(publisher: btb.DataPublisher) -> None:
        for frame in range(1, 41):
            draft = publisher.begin(image=(SHAPE, np.uint8))
            array = draft["image"]
            array[...] = frame
            views = [array[1:], array.reshape(-1), array.view(np.int8)[::2], array[..., :3].T]
            view = views[frame % 4]
            del views
            if frame % 2:
                del array
            draft.publish(frameid=frame)
            view[...] = 99

    items = received(publish)
    assert len(items) == 40
    for item in items:
        assert (item["image"] == item["frameid"]).all()


def test_a_kept_array_is_not_overwritten_by_later_items() -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        arrays = []
        for frame in range(60):
            with publisher.begin(image=(SHAPE, np.uint8)) as draft:
                arrays.append(draft["image"])
                arrays[-1][...] = frame
                draft.publish(frameid=frame)
        assert all((array == frame).all() for frame, array in enumerate(arrays))
        # Ten may be queued while one is written: with those taken, the heap.
        stats = publisher.stats()
        assert stats["shared"] == 11 and stats["heap"] == 49 and stats["waited"] > 0.1
        del arrays, draft
        with publisher.begin(image=(SHAPE, np.uint8)) as draft:
            draft["image"][...] = 60
            draft.publish(frameid=60)

    items = received(publish)
    assert [item["frameid"] for item in items] == list(range(61))
    assert all((item["image"] == item["frameid"]).all() for item in items)


def test_a_draft_that_is_dropped_gives_its_memory_back(publisher: btb.DataPublisher) -> None:
    places = set()
    for way in range(60):
        draft = publisher.begin(image=(SHAPE, np.uint8))
        assert draft.shared("image")
        places.add(draft["image"].ctypes.data)
        if way % 3 == 0:
            draft.discard()
        elif way % 3 == 1:
            with pytest.raises(ZeroDivisionError), draft:
                _ = 1 / 0
        del draft
    gc.collect()
    assert len(places) <= 8
    assert publisher.stats()["messages"] == 0


def test_a_refused_field_leaves_the_draft_open() -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        with publisher.begin(image=(SHAPE, np.uint8)) as draft:
            with pytest.raises(TypeError, match="field 'what' is a object"):
                draft.publish(what=object())
            with pytest.raises(TypeError, match="has an array 'image' already"):
                draft.publish(image=3)
            draft["image"][...] = 5
            draft.publish(frameid=1)

    (item,) = received(publish)
    assert (item["image"] == 5).all() and item["frameid"] == 1


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        ((SHAPE, "complex64"), ValueError, "field 'x': complex64 cannot travel"),
        ((SHAPE, object), ValueError, "field 'x': object cannot travel"),
        ((1 << 20, np.uint8), TypeError, r"field 'x' must be \(shape, dtype\)"),
        (SHAPE, TypeError, r"field 'x' must be \(shape, dtype\)"),
        (((1 << 20, 1 << 11), "u1"), ValueError, "field 'x': .* more than the 1073741824 that a"),
        (((1 << 30, 1 << 30), "f8"), ValueError, "field 'x': .* larger than the address space"),
    ],
)
def test_what_cannot_be_begun_is_said(
    publisher: btb.DataPublisher, what: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        publisher.begin(x=what)


def test_a_closed_publisher_begins_and_sends_nothing() -> None:
    publisher = btb.DataPublisher("tcp://127.0.0.1:0")
    draft = publisher.begin(image=(SHAPE, np.uint8))
    publisher.close()
    draft["image"][...] = 3  # The memory outlives the publisher.
    with pytest.raises(OSError, match="closed"):
        draft.publish()
    with pytest.raises(OSError, match="closed"):
        publisher.begin(image=(SHAPE, np.uint8))


def test_a_forked_child_can_do_nothing_to_the_drafts_of_its_parent() -> None:
    said = run_python(
        """
import os, numpy as np
from blendtorch import btb
publisher = btb.DataPublisher("tcp://127.0.0.1:0")
draft = publisher.begin(image=((64, 80, 4), np.uint8))
child = os.fork()
if child == 0:
    told = []
    for act in (lambda: draft["image"], draft.publish):
        try: act()
        except OSError as error: told.append("before a fork" in str(error))
    draft.discard()
    del draft
    os._exit(0 if told == [True, True] else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
draft["image"][...] = 4
print(code, int(draft["image"].sum()))
"""
    )
    assert said.split() == ["0", str(4 * 64 * 80 * 4)]


SHORT_OF_MEMORY = """
import resource, warnings
import numpy as np
from blendtorch import btb
publisher = btb.DataPublisher("tcp://127.0.0.1:0", lingerms=60000)
print(publisher.address, flush=True)
image = np.full((1280, 1024, 4), 9, np.uint8)
# 8 slots of 5 MiB are a larger file than may be made; smaller ones may.
resource.setrlimit(resource.RLIMIT_FSIZE, (30 << 20, resource.RLIM_INFINITY))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    publisher.publish(image=image, frameid=0)
    with publisher.begin(image=(image.shape, image.dtype)) as draft:
        draft["image"][...] = image
        draft.publish(frameid=1)
    publisher.publish(image=image, frameid=2)
publisher.close()
stats = publisher.stats()
print(stats["shared"], stats["heap"], *{str(warning.message) for warning in caught})
"""


def test_memory_that_is_short_is_said_once_and_costs_a_copy() -> None:
    """A producer that may make no files as large as its slots: the system refuses them.

    The transport library asked for memory of its own then, was refused too, and lost the first
    item.
    """
    producer = subprocess.Popen(
        [sys.executable, "-P", "-c", SHORT_OF_MEMORY], stdout=subprocess.PIPE, text=True
    )
    try:
        assert producer.stdout is not None
        address = producer.stdout.readline().strip()
        items = [(item["frameid"], int(item["image"].min())) for item in dataset(address)]
        shared, heap, said = producer.stdout.readline().split(" ", 2)
        assert producer.wait(HANG_S) == 0
    finally:
        producer.kill()
    assert items == [(0, 9), (1, 9), (2, 9)]
    assert (shared, heap) == ("0", "3")
    assert said.startswith("large tensors are copied once more than they need be: ")
    assert said.count("bytes of shared memory cannot be had") == 1


def test_an_address_without_shared_memory_writes_on_the_heap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BLENDTORCH_LAUNCHED", "1")
    publisher = btb.DataPublisher("tcp://0.0.0.0:0", lingerms=LONG_MS)

    def publish() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Nothing is short: nothing is said.
            for frame in range(5):
                with publisher.begin(image=(SHAPE, np.uint8)) as draft:
                    assert not draft.shared("image")
                    draft["image"][...] = frame
                    draft.publish(frameid=frame)
        publisher.close()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    port = publisher.address.rsplit(":", 1)[1]
    items = list(dataset(f"tcp://127.0.0.1:{port}"))
    thread.join(HANG_S)
    assert [(item["image"] == item["frameid"]).all() for item in items] == [True] * 5
    assert publisher.stats()["heap"] == 5 and publisher.stats()["shared"] == 0


def resources() -> tuple[int, int]:
    """Open descriptors of this process, and bytes that it has in memory."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return len(os.listdir("/proc/self/fd")), resident


def test_many_lives_leave_no_descriptor_and_no_memory_behind() -> None:
    def life() -> None:
        def publish(publisher: btb.DataPublisher) -> None:
            for frame in range(5):
                with publisher.begin(image=((512, 512, 4), np.uint8)) as draft:
                    draft["image"][...] = frame
                    draft.publish(frameid=frame)

        with publishing(publish) as address:
            loader = btt.DataLoader(dataset(address), batch_size=5)
            assert len(list(loader)) == 1

    for _ in range(5):
        life()
    gc.collect()
    descriptors, memory = resources()
    for _ in range(30):
        life()
    gc.collect()
    after = resources()
    # A thread of the library's may close its own a moment later.
    eventually("they are closed", lambda: resources()[0] <= descriptors + 2)
    # A life has slots of 8 MB and a batch of 5: thirty that stay would be 300 MB and more.
    assert after[1] < memory + (60 << 20)
