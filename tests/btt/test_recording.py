"""Recordings: what is recorded replays equal, whatever happens to the recorder or its file."""

import os
import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from blendtorch import btb, btt
from support import HANG_S
from support.sources import sources
from support.streams import dataset, publishing
from torch.utils.data import ConcatDataset


def item(number: int) -> dict[str, Any]:
    """One of every kind of value."""
    return {
        "image": np.full((6, 8, 3), number, np.uint8),
        "xy": np.full((2, 2), number / 4, np.float32),
        "empty": np.empty((0, 2), np.int16),
        "number": number,
        "reward": number / 2,
        "done": number % 2 == 0,
        "half": np.float16(number),
        "name": f"Würfel {number}",
        "raw": b"\0\xff",
        "nothing": None,
        "nested": {"at": (number, [np.arange(number % 3)]), 3: "three"},
    }


def equal(one: Any, other: Any) -> bool:
    """Equal, and of the same types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def scene(count: int) -> Callable[[btb.DataPublisher], None]:
    def publish(publisher: btb.DataPublisher) -> None:
        for number in range(count):
            publisher.publish(**item(number))

    return publish


def recorded(path: Path, count: int) -> Path:
    """A recording with so many items."""
    with btt.FileRecorder(path) as recorder:
        for number in range(count):
            assert recorder.save(item(number))
    return path


def numbers(items: Any) -> list[int]:
    return [one["number"] for one in items]


def test_conformance_17_what_is_received_replays_equal(tmp_path: Path) -> None:
    prefix = tmp_path / "run"
    with publishing(scene(12), btid=4) as address:
        received = list(dataset(address, record_path_prefix=prefix))
    reader = btt.FileReader(f"{prefix}_00.mcap")
    assert len(reader) == len(received) == 12 and reader.damage is None
    for index in np.random.default_rng(0).permutation(12).tolist():
        assert equal(reader.read(index), received[index])
        assert received[index]["btid"] == 4
        header = reader.header(index)
        assert (header["sequence"], header["btid"]) == (index, 4) and header["publisher"] > 0
    assert equal(reader.read(-1), received[-1])
    reader.verify()


def test_conformance_17_what_is_saved_replays_equal(tmp_path: Path) -> None:
    with_btid = [{"btid": value, **item(1)} for value in (3, None, np.int64(5), "three")]
    saved = [*map(item, range(5)), *with_btid, {}]
    path = tmp_path / "run_00.mcap"
    with btt.FileRecorder(path) as recorder:
        for one in saved:
            assert recorder.save(one)
    with btt.FileReader(path) as reader:
        assert len(reader) == len(saved)
        for index, one in enumerate(saved):
            replayed = reader.read(index)
            assert equal(dict(sorted(replayed.items())), dict(sorted(one.items()))), one


def test_conformance_17_names_of_files(tmp_path: Path) -> None:
    assert btt.FileRecorder.filename("out/run", 3) == "out/run_03.mcap"
    assert btt.FileRecorder.filename(tmp_path / "run", 12) == f"{tmp_path}/run_12.mcap"
    assert btt.FileRecorder.filename("run", 100) == "run_100.mcap"


def test_conformance_17_excess_is_dropped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    with btt.FileRecorder(path, max_messages=4) as recorder:
        assert [recorder.save(item(i)) for i in range(7)] == [True] * 4 + [False] * 3
        assert (recorder.num_messages, recorder.dropped) == (4, 3)
    assert (recorder.num_messages, recorder.dropped) == (4, 3)
    assert numbers(btt.SingleFileDataset(path)) == [0, 1, 2, 3]
    with publishing(scene(9)) as address:
        data = dataset(address, max_items=5, record_path_prefix=tmp_path / "limited")
        assert len(list(data)) == 5
    assert len(btt.FileDataset(tmp_path / "limited")) == 5


def test_conformance_17_what_is_recorded_is_the_item_before_its_transform(tmp_path: Path) -> None:
    with publishing(scene(3)) as address:
        data = dataset(address, item_transform=lambda item: item["number"])
        data.enable_recording(tmp_path / "run")
        assert list(data) == [0, 1, 2]
    replayed = list(btt.FileDataset(tmp_path / "run"))
    assert [equal({"btid": 0, **item(i)}, one) for i, one in enumerate(replayed)] == [True] * 3
    transformed = btt.FileDataset(tmp_path / "run", item_transform=lambda item: item["number"])
    assert list(transformed) == [0, 1, 2]


def test_conformance_17_each_worker_has_a_file_and_they_replay_shuffled(tmp_path: Path) -> None:
    prefix = tmp_path / "run"
    with sources(2) as addresses:
        data = dataset(*addresses, max_items=60, record_path_prefix=prefix)
        streamed = torch.utils.data.DataLoader(data, batch_size=None, num_workers=3)
        received = sorted((one["btid"], one["number"]) for one in streamed)
    assert sorted(tmp_path.iterdir()) == [tmp_path / f"run_{worker:02}.mcap" for worker in range(3)]
    assert len(received) == 60

    replay = btt.FileDataset(prefix)
    assert len(replay) == 60
    orders = []
    for _ in range(2):
        loader = torch.utils.data.DataLoader(replay, batch_size=8, shuffle=True, num_workers=2)
        order = []
        for batch in loader:
            assert batch["image"].shape[1:] == (64, 64, 4)
            assert (batch["image"][:, 0, 0, 0] == batch["number"] % 256).all()
            order += zip(batch["btid"].tolist(), batch["number"].tolist(), strict=True)
        orders.append(order)
    assert sorted(orders[0]) == sorted(orders[1]) == received
    assert orders[0] != orders[1]


def test_our_loader_replays_recordings(tmp_path: Path) -> None:
    for worker in range(2):
        recorded(tmp_path / f"run_{worker:02}.mcap", 10)
    replay = btt.FileDataset(tmp_path / "run")
    loader = btt.DataLoader(replay, batch_size=8)
    batches = list(loader)
    assert [len(batch["number"]) for batch in batches] == [8, 8, 4]
    assert "btid" not in batches[0]
    assert torch.cat([batch["number"] for batch in batches]).tolist() == [*range(10), *range(10)]
    for batch in batches:
        assert batch["image"].dtype == torch.uint8
        assert (batch["image"] == batch["number"][:, None, None, None]).all()
    assert loader.stats()["received"] == 20
    shuffled = btt.DataLoader(replay, batch_size=20, shuffle=True)
    torch.manual_seed(1)
    (first,), (second,) = list(shuffled), list(shuffled)
    assert sorted(first["number"].tolist()) == sorted([*range(10), *range(10)])
    assert first["number"].tolist() != second["number"].tolist()
    torch.manual_seed(1)
    assert next(iter(shuffled))["number"].tolist() == first["number"].tolist()


def test_our_loader_records(tmp_path: Path) -> None:
    with publishing(scene(20)) as address:
        data = dataset(address, record_path_prefix=tmp_path / "run")
        assert sum(len(batch["number"]) for batch in btt.DataLoader(data, batch_size=8)) == 20
    assert numbers(btt.FileDataset(tmp_path / "run")) == list(range(20))


def test_conformance_17_an_exception_leaves_a_whole_recording(tmp_path: Path) -> None:
    recorder = btt.FileRecorder(tmp_path / "saved_00.mcap")

    def save_and_fail() -> None:
        with recorder:
            for number in range(3):
                recorder.save(item(number))
            raise KeyError("while recording")

    with pytest.raises(KeyError):
        save_and_fail()

    def consume_and_fail() -> None:
        for one in dataset(address, record_path_prefix=tmp_path / "streamed"):
            if one["number"] == 2:
                raise KeyError("while consuming")

    with publishing(scene(50)) as address, pytest.raises(KeyError):
        consume_and_fail()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for prefix in ("saved", "streamed"):
            assert numbers(btt.FileDataset(tmp_path / prefix)) == [0, 1, 2]


def test_an_iteration_that_is_closed_completes_its_file(tmp_path: Path) -> None:
    with publishing(scene(50)) as address:
        items = iter(dataset(address, record_path_prefix=tmp_path / "run"))
        for _ in range(3):
            next(items)
        items.close()
    reader = btt.FileReader(tmp_path / "run_00.mcap")
    assert len(reader) == 3 and reader.damage is None


SAVE_UNTIL_KILLED = """
import sys, time
import numpy as np
from blendtorch import btt
recorder = btt.FileRecorder(sys.argv[1])
for number in range(5):
    recorder.save({"number": number, "image": np.full((6, 8), number, np.uint8)})
recorder.flush()
recorder.save({"number": 5})  # gathered, not written
print("flushed", flush=True)
time.sleep(600)
"""

STREAM_UNTIL_KILLED = """
import sys
from blendtorch import btt
for item in btt.RemoteIterableDataset(sys.argv[2:], record_path_prefix=sys.argv[1]):
    print(item["number"], flush=True)
"""


def test_conformance_17_sigkill_leaves_what_was_flushed(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    command = [sys.executable, "-P", "-c", SAVE_UNTIL_KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stdout.readline() == "flushed\n"
        finally:
            process.kill()
    with pytest.warns(RuntimeWarning, match=r"byte \d+: .*killed.*5 items are readable"):
        reader = btt.FileReader(path)
    assert len(reader) == 5
    for number in range(5):
        assert (reader.read(number)["image"] == number).all()


def test_conformance_17_sigkill_while_streaming_leaves_a_readable_file(tmp_path: Path) -> None:
    with sources(1) as addresses:
        command = [sys.executable, "-P", "-c", STREAM_UNTIL_KILLED, str(tmp_path / "run")]
        process = subprocess.Popen([*command, *addresses], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        try:
            seen = [int(process.stdout.readline()) for _ in range(300)]
        finally:
            process.kill()
            process.communicate(timeout=HANG_S)
    with pytest.warns(RuntimeWarning, match="killed"):
        replay = btt.FileDataset(tmp_path / "run")
    # Items of 16 KiB are gathered up to a MiB, 64 of them: no more than those are gone.
    assert len(replay) > len(seen) - 65
    for number, one in enumerate(replay):
        assert one["number"] == number and (one["image"] == number % 256).all()


def test_datasets_and_readers_can_be_pickled(tmp_path: Path) -> None:
    recorded(tmp_path / "run_00.mcap", 3)
    replay = pickle.loads(pickle.dumps(btt.FileDataset(tmp_path / "run")))
    assert len(replay) == 3 and equal(replay[2], item(2)) and equal(replay[-3], item(0))
    single = pickle.loads(pickle.dumps(btt.SingleFileDataset(tmp_path / "run_00.mcap")))
    assert equal(single[1], item(1))
    data = pickle.loads(pickle.dumps(dataset("tcp://127.0.0.1:1", record_path_prefix="run")))
    assert data.record_path_prefix == "run"
    assert len(ConcatDataset([replay, single])) == 6


def test_a_recorder_of_a_parent_writes_nothing_in_a_forked_child(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    with btt.FileRecorder(path) as recorder:
        recorder.save(item(0))
        pid = os.fork()
        if pid == 0:
            try:
                recorder.save(item(9))
            except OSError:
                recorder.close()
                del recorder
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        recorder.save(item(1))
    assert numbers(btt.SingleFileDataset(path)) == [0, 1]


def test_a_recording_that_is_cut_off_opens_up_to_there(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run_00.mcap", 4)
    with btt.FileRecorder(tmp_path / "long_00.mcap") as recorder:
        for number in range(4):
            recorder.save(item(number))
            recorder.flush()
    cut = tmp_path / "long_00.mcap"
    os.truncate(cut, cut.stat().st_size // 2)
    with pytest.warns(RuntimeWarning, match=rf"{cut}: byte \d+: .*2 items are readable"):
        assert numbers(btt.SingleFileDataset(cut)) == [0, 1]
    # A wrong byte inside: the file opens, the item says where it is damaged.
    data = bytearray(path.read_bytes())
    at = data.index("Würfel 2".encode())
    data[at] ^= 1
    path.write_bytes(data)
    reader = btt.FileReader(path)
    with pytest.raises(btt.RecordingError, match=rf"{path} is damaged at byte \d+: the checksum"):
        reader.read(0)
    with pytest.raises(btt.RecordingError, match="checksum"):
        reader.verify()
    with pytest.raises(btt.RecordingError, match="checksum"):
        list(btt.DataLoader(btt.SingleFileDataset(path)))


def test_bad_files_are_named(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty_00.mcap", tmp_path / "text_00.mcap"
    empty.touch()
    text.write_text("no recording")
    for path, says in [(empty, "it is empty"), (text, "magic bytes"), (tmp_path, "a folder")]:
        with pytest.raises(btt.RecordingError, match=says) as error:
            btt.FileReader(path)
        assert str(path) in str(error.value)
    with pytest.raises(FileNotFoundError, match=r"none_00\.mcap"):
        btt.FileReader(tmp_path / "none_00.mcap")
    with pytest.raises(FileNotFoundError, match=r"prefix '.*none'.*none_\[0-9\]\[0-9\]\*\.mcap"):
        btt.FileDataset(tmp_path / "none")
    with pytest.raises(OSError, match=r"cannot create the recording .*text_00"):
        iter(dataset("tcp://127.0.0.1:1", record_path_prefix=text / "run"))
    with pytest.raises(OSError, match=r"cannot create the recording .*text_00"):
        btt.FileRecorder(text / "run").flush()
    with pytest.raises(IndexError, match="which has 1"):
        btt.FileReader(recorded(tmp_path / "run_00.mcap", 1)).read(1)
    with pytest.raises(IndexError, match="have 1"):
        btt.FileDataset(tmp_path / "run")[-2]


def test_what_cannot_travel_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    with btt.FileRecorder(path) as recorder:
        with pytest.raises(TypeError, match="field 'thing'"):
            recorder.save({"thing": object()})
        recorder.save(item(0))
    with pytest.raises(ValueError, match="closed"):
        recorder.save(item(1))
    assert numbers(btt.SingleFileDataset(path)) == [0]


def test_what_the_loader_cannot_do_with_recordings_is_refused(tmp_path: Path) -> None:
    recorded(tmp_path / "run_00.mcap", 1)
    with pytest.raises(ValueError, match="in Python"):
        btt.DataLoader(btt.FileDataset(tmp_path / "run", item_transform=len))
    with pytest.raises(ValueError, match="cannot be shuffled"):
        btt.DataLoader("tcp://127.0.0.1:1", shuffle=True)


def test_a_full_disk_is_an_error_of_the_iteration(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "nothing", ignore_errors=True)
    (tmp_path / "run_00.mcap").symlink_to("/dev/full")
    with publishing(scene(3)) as address, pytest.raises(OSError, match=r"run_00\.mcap.*space"):
        list(dataset(address, record_path_prefix=tmp_path / "run"))


def test_a_recorder_is_called_as_the_originals_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: the keyword of the original's `save` was missing. Its recorder makes folders on
    the way, too, and has a file by default."""
    path = tmp_path / "not" / "there" / "record.mpkl"
    with btt.FileRecorder(outpath=path, max_messages=4, update_header=1) as recorder:
        recorder.save({"value": 0}, is_pickled=False)
        recorder.save({"value": 1}, False)
        recorder.save(data={"value": 2})
        with pytest.raises(TypeError, match="no pickles"):
            recorder.save(pickle.dumps({"value": 3}), is_pickled=True)  # type: ignore[arg-type]
        assert recorder.capacity == 4
    assert [item["value"] for item in btt.SingleFileDataset(path)] == [0, 1, 2]

    class Doubled(btt.SingleFileDataset):
        def _item(self, item: dict[str, Any]) -> Any:
            return 2 * self.item_transform(item)["value"]

    assert list(Doubled(path)) == [0, 2, 4]
    monkeypatch.chdir(tmp_path)
    with btt.FileRecorder() as recorder:
        recorder.save({"value": 0})
    assert len(btt.FileReader("blendtorch.mpkl")) == 1
    assert btt.FileRecorder.filename("run", worker_idx=3) == btt.FileRecorder.filename("run", 3)


def test_a_stream_is_recorded_into_a_folder_that_is_made(tmp_path: Path) -> None:
    prefix = tmp_path / "not" / "there" / "run"
    with publishing(scene(3)) as address:
        stream = dataset(address)
        stream.enable_recording(fname=prefix)  # as the original calls it
        stream.stream_length(n=2)
        assert len(list(stream)) == 2
    assert numbers(btt.FileDataset(prefix)) == [0, 1]
