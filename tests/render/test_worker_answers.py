"""Which errors of the worker are said to be read, and which are faults."""

from pathlib import Path

import pytest
from blendtorch import circuit
from blendtorch.btb.worker import checks
from blendtorch.btb.worker.answers import answered


def test_errors_of_ours_are_answered_by_their_text_alone() -> None:
    refused = answered(lambda: checks.whole("x", "height", 1, 9))()
    assert refused == {
        "error": {
            "type": "ValueError",
            "text": "height must be a whole number from 1 to 9, not 'x'",
            "lacks": False,
        }
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, [1], 1.5, 0, 10])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="a frame must be a whole number from 1 to 9"):
        checks.whole(value, "a frame", 1, 9)


def test_faults_bring_the_end_of_their_traceback() -> None:
    for fault, kind in ((lambda: int("x"), "ValueError"), (lambda: 1 / 0, "ZeroDivisionError")):
        error = answered(fault)()["error"]
        assert error["type"] == kind
        assert "Traceback" in error["text"] and "test_worker_answers.py" in error["text"]


def test_what_the_reader_of_a_network_refuses_is_answered_by_its_text_alone(tmp_path: Path) -> None:
    (tmp_path / "net.hdf5").write_bytes(b"no HDF5 at all")
    refused = (
        (lambda: circuit.CellNetwork(tmp_path / "net.hdf5"), "ValueError", "is no HDF5 file"),
        (lambda: circuit.CellNetwork(tmp_path / "gone"), "FileNotFoundError", "gone"),
        (lambda: circuit.optics.light_cloud("fiber", r0=0.0), "ValueError", "must be above 0"),
        (lambda: circuit.Results(tmp_path / "net.hdf5", None), None, "Traceback"),
    )
    for act, kind, text in refused:
        error = answered(act)()["error"]
        assert kind in (error["type"], None) and text in error["text"], error
        assert kind is None or "Traceback" not in error["text"], error


def test_an_end_of_the_process_is_no_answer() -> None:
    def leaves() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        answered(leaves)()
