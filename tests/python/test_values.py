"""What is published arrives as it was: every kind of value, and a TypeError for all others."""

import array
import collections
import enum
import tempfile
import threading
from typing import Any

import numpy as np
from support.processes import run_python
from support.streams import dataset, publishing, travel
from support.values import DTYPES, assert_same


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
