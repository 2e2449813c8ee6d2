"""What cannot travel is an error that names its field, and says what to publish instead."""

import array
import ctypes
import datetime
import enum
import re
import sys
import tempfile
import types
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btt
from support.streams import dataset, publishing


class WithUnit(np.ndarray):
    """As those of astropy and unyt are."""

    unit: str

    @classmethod
    def of(cls, values: list[float]) -> "WithUnit":
        made = np.array(values).view(cls)
        made.unit = "m"
        return made


class Labelled:
    """As pandas' Series and DataFrames are, and xarray's arrays."""

    ndim = 1

    def to_numpy(self) -> Any:
        return np.zeros(1)


class LabelledNumber:
    """As an array of xarray of rank 0 is, which cannot be reshaped so."""

    ndim = 0


class Sparse:
    """As scipy's are."""

    ndim = 2

    def toarray(self) -> Any:
        return np.zeros((1, 1))


class Measured:
    """As pint's are."""

    magnitude, units = np.zeros(1), "m"


class Structure(ctypes.Structure):
    """A record of C's."""

    _fields_ = (("a", ctypes.c_int32),)


@dataclass
class Point:
    """Two numbers."""

    x: int
    y: int


class Plain(enum.Enum):
    """An enum that is no number and no text."""

    A = 1


@pytest.mark.parametrize(
    ("value", "named", "why"),
    [
        (object(), "'field'", "object"),
        ({1, 2}, "'field'", "set"),
        (2**64, "'field'", "64 bits"),
        (-(2**63) - 1, "'field'", "64 bits"),
        (1j, "'field'", "complex"),
        (len, "'field'", "builtin_function_or_method"),
        (np.array([None, 1]), "'field'", "array of object"),
        (np.array(None), "'field'", "array of object"),
        (np.array(["text"]), "'field'", "array of <U4, which cannot travel: publish x.tolist()"),
        (np.array([b"text"]), "'field'", "array of |S4, which cannot travel: publish x.tolist()"),
        (np.array([1j]), "'field'", "complex128, which cannot travel: publish x.real and x.imag"),
        (np.array([1], "datetime64[s]"), "'field'", "publish x.astype('int64'), in a unit of time"),
        (
            np.array([1], "timedelta64[s]"),
            "'field'",
            "publish x.astype('int64'), in a unit of time",
        ),
        (np.array([1.0], np.longdouble), "'field'", "array of float"),
        (np.zeros(2, [("a", "i4")]), "'field'", "publish its fields one by one, such as x['name']"),
        (np.zeros(2, [("a", "i4")]).view(np.recarray), "'field'", "publish its fields one by one"),
        (np.zeros(2, [("a", "i4")])[0], "'field'", "publish its fields one by one"),
        (np.complex64(1), "'field'", "complex64"),
        (np.datetime64(1, "s"), "'field'", "datetime64"),
        ({"a": [1, {2, 3}]}, "field['a'][1]", "set"),
        ((0, np.array([None])), "field[1]", "array of object"),
        ({frozenset(): 1}, "the key frozenset()", "frozenset"),
        ({memoryview(b"ab"): 1}, "'field'", "arrive as an array, and that cannot be a key"),
        ([{(1, memoryview(b"ab")): 1}], "'field[0]'", "and that cannot be a key"),
        (
            np.ma.masked_greater([1.0, 2e9], 1e9),
            "'field'",
            "masked array, whose mask would be lost",
        ),
        (np.ma.array([1, 2]), "'field'", "x.filled(0) and numpy.ma.getmaskarray(x)"),
        (np.ma.array(5.0), "'field'", "masked array"),
        (np.ma.masked, "'field'", "masked array"),
        ([1, {"a": np.ma.array([1])}], "field[1]['a']", "masked array"),
        (np.eye(2).view(np.matrix), "'field'", "publish numpy.asarray(x)"),
        (WithUnit.of([1.5]), "'field'", "with a unit (m), which would be lost"),
        (Labelled(), "'field'", "publish x.to_numpy()"),
        (LabelledNumber(), "'field'", "LabelledNumber, which cannot travel"),
        (Sparse(), "'field'", "publish x.toarray()"),
        (Measured(), "'field'", "publish x.magnitude"),
        (deque([1]), "'field'", "publish list(x)"),
        (range(3), "'field'", "publish list(x)"),
        ({1: 2}.keys(), "'field'", "publish list(x)"),
        (types.MappingProxyType({1: 2}), "'field'", "publish dict(x)"),
        (Path("a"), "'field'", "publish str(x)"),
        (Point(1, 2), "'field'", "publish dataclasses.asdict(x)"),
        (Plain.A, "'field'", "publish x.value or x.name"),
        (Fraction(1, 3), "'field'", "publish float(x)"),
        (Decimal(1), "'field'", "publish float(x)"),
        (datetime.date(2026, 1, 1), "'field'", "publish x.isoformat()"),
        (array.array("w" if sys.version_info >= (3, 13) else "u", "ab"), "'field'", "array of"),
        (Structure(1), "'field'", "Structure, which cannot travel: publish its fields one by one"),
    ],
    # Without the addresses of objects: each process of a run must call the tests the same.
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value))[:30],
)
def test_conformance_15_what_cannot_travel_is_a_type_error_that_names_it(
    value: Any, named: str, why: str
) -> None:
    def publish(publisher: Any) -> None:
        publisher.publish(fine=1)
        with pytest.raises(TypeError) as raised:
            publisher.publish(fine=2, field=value)
        errors.append(str(raised.value))
        publisher.publish(fine=3)

    errors: list[str] = []
    with publishing(publish) as address:
        items = dataset(address)
        got = [item["fine"] for item in items]
    assert named in errors[0] and why in errors[0], errors[0]
    # Nothing was sent of it, and no number was used up.
    assert got == [1, 3] and items.stats()["missing"] == 0


def test_what_no_reader_would_take_is_a_value_error() -> None:
    deep: Any = 0
    for _ in range(100):
        deep = [deep]
    values = {"deep": deep, "text": "x" * (17 << 20), "numbers": [0] * 300_000}

    def publish(publisher: Any) -> None:
        for name, value in values.items():
            with pytest.raises(ValueError, match=r"deeper|header|values") as raised:
                publisher.publish(**{name: value})
            errors.append(str(raised.value))
        publisher.publish(fine=1)

    errors: list[str] = []
    with publishing(publish) as address:
        assert [item["fine"] for item in dataset(address)] == [1]
    assert "'deep" in errors[0] and len(errors) == 3, errors


def test_a_text_that_is_no_unicode_is_a_value_error_that_names_its_field() -> None:
    def publish(publisher: Any) -> None:
        for value in ("a\udcff.png", ["a\udcff.png"], {"a\udcff.png": 1}):
            with pytest.raises(ValueError, match=r"field 'name.*os\.fsencode\(x\)"):
                publisher.publish(name=value)
        publisher.publish(fine=1)

    with publishing(publish) as address:
        assert [item["fine"] for item in dataset(address)] == [1]


def test_a_dict_whose_keys_become_one_is_a_value_error() -> None:
    """Regression: one of them was lost without a word."""

    class Other(int):
        """Python keeps it beside the same int."""

        def __eq__(self, other: object) -> bool:
            return self is other

        def __hash__(self) -> int:
            return 7

    with tempfile.TemporaryDirectory() as folder, btt.FileRecorder(f"{folder}/a.mcap") as recorder:
        with pytest.raises(ValueError, match="field 'x': the key 1 stands twice"):
            recorder.save({"x": {1: "a", Other(1): "b"}})
        with pytest.raises(TypeError, match="the name of a field is a str, not <class 'int'>"):
            recorder.save({1: "a"})  # type: ignore[dict-item]


def test_what_torch_has_more_than_numbers_is_told_how_to_publish() -> None:
    torch = pytest.importorskip("torch")
    with tempfile.TemporaryDirectory() as folder, btt.FileRecorder(f"{folder}/a.mcap") as recorder:
        for tensor, says in (
            (torch.zeros(2), "publish x.numpy();"),
            (torch.zeros(()), "publish x.numpy();"),
            (torch.zeros(2, requires_grad=True), "publish x.detach().numpy();"),
            (torch.eye(2).to_sparse(), "publish x.to_dense().numpy();"),
            (
                torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.quint8),
                "publish x.dequantize().numpy();",
            ),
        ):
            with pytest.raises(TypeError) as raised:
                recorder.save({"x": tensor})
            assert says in str(raised.value)
