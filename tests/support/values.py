"""Values that travel, and whether they are the same behind the way."""

from typing import Any

import numpy as np

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


def assert_same(got: Any, expected: Any) -> None:
    """Equal, and of the same types all the way down; arrays in the machine's byte order."""
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
