"""What is published arrives as it was: every kind of value, and a TypeError for all others."""

import array
import collections
import ctypes
import datetime
import enum
import sys
import tempfile
import threading
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
from btt_support import dataset, publishing, run_python, travel

DTYPES = [
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


def assert_same(got: Any, expected: Any) -> None:
    """Equal, and of the same types all the way down."""
    assert type(got) is type(expected)
    if isinstance(expected, np.ndarray | np.generic):
        native = expected.dtype.newbyteorder("=")
        assert (got.dtype, got.shape) == (native, expected.shape)
        assert got.tobytes() == expected.astype(native).tobytes()
    elif isinstance(expected, dict):
        for (key, value), (expected_key, expected_value) in zip(
            got.items(), expected.items(), strict=True
        ):
            assert_same(key, expected_key)
            assert_same(value, expected_value)
    elif isinstance(expected, list | tuple):
        for value, expected_value in zip(got, expected, strict=True):
            assert_same(value, expected_value)
    else:
        assert got == expected


def assert_travels(values: list[Any]) -> None:
    fields = {f"field {index}": value for index, value in enumerate(values)}
    got = travel(**fields)
    assert got.pop("btid") == 0
    assert list(got) == list(fields)
    for name, value in fields.items():
        assert_same(got[name], value)


def test_conformance_15_plain_values() -> None:
    integers = [0, -1, 127, 128, 2**31, -(2**63), 2**63 - 1, 2**63, 2**64 - 1]
    floats = [0.0, -0.0, 1.5, float("inf"), 5e-324]
    assert_travels([None, True, False, *integers, *floats])
    assert_travels(["", "æ🙂\0", "x" * 70_000, b"", b"\0\xff", b"x" * 70_000])


def test_conformance_15_containers() -> None:
    assert_travels([[], [1, [2, []]], (), (1, ("a", (None,))), [(1, 2)], ([1], [2])])
    assert_travels([{}, {"z": 1, "a": {"b": [True]}}, {2: 1, (1, (2,)): "x", None: b"", 1.5: 0}])
    arrays = {"a": [np.arange(3), (np.float32(1), np.eye(2))], "b": {"c": np.zeros((0, 2))}}
    assert_travels([arrays, (arrays, arrays)])


def test_conformance_15_arrays_of_every_dtype() -> None:
    source = np.random.default_rng(1).integers(0, 256, 240, np.uint8)
    arrays = [source.view(name if name != "bool" else "uint8") for name in DTYPES]
    assert_travels(
        [a.astype(bool) if n == "bool" else a for a, n in zip(arrays, DTYPES, strict=True)]
    )


def test_conformance_15_arrays_in_any_layout() -> None:
    cube = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    readonly = cube.copy()
    readonly.flags.writeable = False
    assert_travels(
        [
            np.asfortranarray(cube),
            cube[::-1, :, ::-2],
            cube[:, 1],
            cube.T,
            np.broadcast_to(np.float32(3), (2, 2)),
            readonly,
            cube.astype(">i4"),
            np.asfortranarray(cube.astype(">f8")),
            np.arange(3, dtype=">f2")[::-1],
            cube.reshape(2, 1, 3, 1, 4, 1),
            np.frombuffer(b"xabcdefgh", np.uint32, 2, offset=1),  # not aligned
        ]
    )


def test_conformance_15_arrays_without_elements_and_of_rank_zero() -> None:
    empty = [np.zeros((0,)), np.zeros((3, 0, 2), np.uint8), np.zeros((0, 2), ">i2")[::-1]]
    rank_zero = [np.array(1, name) for name in DTYPES] + [np.array(5.0, ">f4")]
    assert_travels([*empty, *rank_zero])


def test_conformance_15_scalars_of_every_dtype() -> None:
    assert_travels([np.dtype(name).type(1) for name in DTYPES])
    got = travel(half=np.float16("nan"), big=np.array([1.5], ">f8")[0])
    assert np.isnan(got["half"]) and got["half"].dtype == np.float16
    assert_same(got["big"], np.float64(1.5))


def test_what_is_like_a_value_travels_as_that_value() -> None:
    class Color(enum.IntEnum):
        RED = 3

    class Shape(enum.StrEnum):
        CUBE = "cube"

    class Name(str):
        pass

    class Ratio(float):
        pass

    class Image(np.ndarray):
        """As imageio's, which know where they come from."""

    # What numpy draws of names is numpy's and a str.
    label = np.random.default_rng(0).choice(["cube", "ball"])
    assert isinstance(label, str) and type(label) is not str
    got = travel(label=label, labels=[label], named={label: 1}, raw=np.bytes_(b"a\xff"))
    for name, expected in (
        ("label", str(label)),
        ("labels", [str(label)]),
        ("named", {str(label): 1}),
        ("raw", b"a\xff"),
    ):
        assert_same(got[name], expected)
    pair = collections.namedtuple("pair", "x y")(1, 2.5)
    got = travel(
        shape=Shape.CUBE, name=Name("a"), ratio=Ratio(0.5), pair=pair, keys={Shape.CUBE: 1}
    )
    for name, expected in (
        ("shape", "cube"),
        ("name", "a"),
        ("ratio", 0.5),
        ("pair", (1, 2.5)),
        ("keys", {"cube": 1}),
    ):
        assert_same(got[name], expected)
    got = travel(image=np.ones((2, 2)).view(Image), numbers=array.array("d", [1.5]))
    assert_same(got["image"], np.ones((2, 2)))
    assert_same(got["numbers"], np.array([1.5]))
    got = travel(color=Color.RED, raw=bytearray(b"ab"), view=memoryview(b"abcd")[::2])
    assert_same(got["color"], 3)
    assert_same(got["raw"], b"ab")
    assert_same(got["view"], np.frombuffer(b"ac", np.uint8))


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
        (np.matrix([[1, 2], [3, 4]]), "'field'", "publish numpy.asarray(x)"),
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
        (Structure(1), "'field'", "publish its fields one by one"),
    ],
    ids=lambda value: repr(value)[:30],
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


def test_values_come_from_another_process() -> None:
    sender = """
import sys
import numpy as np
from blendtorch import btb
with btb.DataPublisher(sys.argv[1], btid=7, lingerms=60_000) as publisher:
    for i in range(3):
        publisher.publish(image=np.full((480, 640, 4), i, np.uint8), t=(i, {"x": np.float16(i)}))
"""
    with tempfile.TemporaryDirectory(prefix="btt-") as folder:
        address = f"ipc://{folder}/socket"
        thread = threading.Thread(target=run_python, args=(sender, address))
        thread.start()
        items = list(dataset(address))
        thread.join()
    assert len(items) == 3
    for i, item in enumerate(items):
        assert_same(item["image"], np.full((480, 640, 4), i, np.uint8))
        assert_same(item["t"], (i, {"x": np.float16(i)}))
        assert item["btid"] == 7


def test_what_arrived_stays_and_belongs_to_the_program() -> None:
    def publish(publisher: Any) -> None:
        image = np.empty((48, 64, 3), np.uint8, "F")
        for i in range(400):
            image[...] = i % 251
            publisher.publish(i=i, image=image, nested=[{"xy": np.full((8, 2), i, ">f4")}])

    with publishing(publish) as address:
        kept = []
        for item in dataset(address):
            arrays = (item["image"], item["nested"][0]["xy"])
            for array in arrays:
                assert array.flags.writeable and array.flags.c_contiguous and array.flags.aligned
            if item["i"] < 200:
                kept.append((item["i"], *arrays))
            else:
                # Writing to one changes no other.
                for array in arrays:
                    array[...] = 255
    assert [i for i, _, _ in kept] == list(range(200))
    for i, image, xy in kept:
        assert (image == i % 251).all() and (xy == i).all()
