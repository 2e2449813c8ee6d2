"""Messages by hand, with values that no Python could hold; by docs/wire-format.md."""

from typing import Any

import msgpack

SOMEBODY = 0x0123_4567_89AB_CDEF
BTID = 5


def message(field: bytes, payload: list[bytes], sequence: int = 0) -> list[bytes]:
    """The frames of a sample whose field `x` is this msgpack value."""
    header = {"format": 1, "kind": "data", "publisher": SOMEBODY, "btid": BTID}
    header["sequence"] = sequence
    packed = bytearray(msgpack.packb(header))
    packed[0] += 1  # one more key of the map
    return [
        bytes(packed) + msgpack.packb("fields") + b"\x81" + msgpack.packb("x") + field,
        *payload,
    ]


def end(samples: int) -> list[bytes]:
    """The last word of their publisher."""
    header = {"format": 1, "kind": "end", "publisher": SOMEBODY, "btid": BTID}
    return [msgpack.packb({**header, "sequence": samples})]


def ext(tag: int, content: Any) -> bytes:
    packed: bytes = msgpack.packb(msgpack.ExtType(tag, msgpack.packb(content)))
    return packed


def dictionary(*keys: bytes) -> bytes:
    return bytes([0x80 + len(keys)]) + b"".join(key + b"\xc0" for key in keys)


ARRAY = ext(1, ["uint8", [1], 1])

# What it is, what the error says of it, the value, and its payload frames.
MALFORMED: list[tuple[str, str, bytes, list[bytes]]] = [
    ("a list as a key", "a list cannot be the key", dictionary(b"\x90"), []),
    ("a dict as a key", "a dict cannot be the key", dictionary(b"\x80"), []),
    ("an array as a key", "an array cannot be the key", dictionary(ARRAY), [b"a"]),
    ("in a tuple as a key", "a list cannot be the key", dictionary(ext(2, [1, []])), []),
    # ext 8 of 4 bytes, type 2: a tuple of one dict
    (
        "nested in a tuple",
        "a list cannot be the key",
        b"\xc7\x04\x02\x91" + dictionary(b"\x90"),
        [],
    ),
    ("a key twice", "stands twice in a dict", dictionary(b"\x01", msgpack.packb(1.0)), []),
    ("a dimension", "larger than the address space", ext(1, ["uint8", [0, 2**63], 1]), [b""]),
    ("a product", "larger than the address space", ext(1, ["int64", [2**60, 0], 1]), [b""]),
    ("a rank", "a tensor of rank 33", ext(1, ["uint8", [1] * 33, 1]), [b"a"]),
]
