"""Recordings are read and written by docs/recording-format.md alone, without blendtorch.

The Python in that document is what is run here: it is taken from it, word for word.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from support import ROOT
from support.documents import definitions
from support.malformed import ARRAY, MALFORMED, message
from support.streams import dataset, publishing

DOCUMENT = ROOT / "docs" / "recording-format.md"


def fields(number: int) -> dict[str, Any]:
    return {
        "image": np.full((5, 7, 3), number, np.uint8),
        "xy": np.arange(4, dtype=np.float32).reshape(2, 2) + number,
        "number": number,
        "pair": (number, "two"),
        "nested": {"a": [None, True, 1.5]},
    }


def assert_fields(found: dict[str, Any], number: int) -> None:
    expected = fields(number)
    for name in ("image", "xy"):
        assert found[name].dtype == expected[name].dtype
        assert np.array_equal(found.pop(name), expected.pop(name))
    assert found == expected


def test_the_documented_reader_reads_what_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    with btt.FileRecorder(path) as recorder:
        for number in range(10):
            recorder.save({"btid": 3, **fields(number)})
            if number % 4 == 3:
                recorder.flush()
    headers = list(definitions(DOCUMENT, "A reader")["read"](path))
    assert len(headers) == 10
    for number, header in enumerate(headers):
        assert (header["btid"], header["sequence"], header["publisher"]) == (3, number, 0)
        assert_fields(header["fields"], number)


def test_the_documented_reader_reads_what_was_received(tmp_path: Path) -> None:
    def publish(publisher: btb.DataPublisher) -> None:
        for number in range(3):
            publisher.publish(**fields(number))

    with publishing(publish, btid=8) as address:
        items = list(dataset(address, max_items=3, record_path_prefix=tmp_path / "run"))
    assert [item["number"] for item in items] == [0, 1, 2]
    headers = list(definitions(DOCUMENT, "A reader")["read"](tmp_path / "run_00.mcap"))
    assert [header["sequence"] for header in headers] == [0, 1, 2]
    assert {header["btid"] for header in headers} == {8}
    assert len({header["publisher"] for header in headers} - {0}) == 1
    assert headers[0]["time"] <= headers[2]["time"]
    assert_fields(headers[2]["fields"], 2)


def test_what_the_documented_writer_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    writer = definitions(DOCUMENT, "A writer")["Writer"](path)
    for number in range(6):
        writer.write(**fields(number))
    writer.close()
    replay = btt.FileDataset(tmp_path / "run")
    assert len(replay) == 6
    for number in (5, 0, 3):
        item = replay[number]
        assert item.pop("btid") == 0
        assert_fields(item, number)
    with btt.FileReader(path) as reader:
        assert reader.damage is None
        reader.verify()
        assert reader.header(4)["publisher"] == writer.publisher


def test_an_item_that_python_cannot_hold_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    """Regression: it was a bare error that named neither file nor item, or worse."""
    kinds = [("", "", ARRAY, [b"a"]), *MALFORMED]

    class Writer(definitions(DOCUMENT, "A writer")["Writer"]):  # type: ignore[misc]
        def frames(self, now: int, fields: dict[str, Any]) -> list[bytes]:
            return message(*kinds[self.sequence][2:], self.sequence)

    path = tmp_path / "run_00.mcap"
    writer = Writer(path)
    for _ in kinds:
        writer.write()
    writer.close()
    reader = btt.FileReader(path)
    assert reader.damage is None and len(reader) == len(kinds)
    for index, (what, says, _, _) in enumerate(MALFORMED, 1):
        with pytest.raises(btt.RecordingError, match=re.escape(says)) as raised:
            reader.read(index)
        said = str(raised.value)
        assert f"item {index} is no message" in said and "run_00.mcap" in said, what
    assert reader.read(0)["x"].tolist() == [97]


def test_the_documented_reader_finds_a_flipped_bit_too(tmp_path: Path) -> None:
    path = tmp_path / "run_00.mcap"
    with btt.FileRecorder(path) as recorder:
        recorder.save(fields(77))
    data = bytearray(path.read_bytes())
    data[data.index(bytes([77] * 20))] ^= 4
    path.write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        list(definitions(DOCUMENT, "A reader")["read"](path))
    with pytest.raises(btt.RecordingError, match="checksum"):
        btt.FileReader(path).read(0)
