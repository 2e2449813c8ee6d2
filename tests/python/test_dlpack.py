"""Memory handed to tensor libraries is given back once, whatever they do with it.

The consumer here is ours, by ctypes: it takes the tensor out of the capsule as a library in C does.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from support.batches import batch_stream, scene
from support.streams import publishing

API = ctypes.pythonapi
API.PyCapsule_GetPointer.restype = ctypes.c_void_p
API.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
API.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]

# A capsule keeps a pointer to its name.
TAKEN = b"used_dltensor"


class Managed(ctypes.Structure):
    """DLManagedTensor, <https://dmlc.github.io/dlpack/latest/c_api.html>."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32 * 2),
        ("ndim", ctypes.c_int32),
        ("dtype", ctypes.c_uint8 * 4),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
        ("manager_ctx", ctypes.c_void_p),
        ("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
    )


class Consumer:
    """Takes a tensor out of a capsule."""

    def __init__(self, capsule: Any) -> None:
        self.address = API.PyCapsule_GetPointer(capsule, b"dltensor")
        managed = Managed.from_address(self.address)
        self.shape = managed.shape[: managed.ndim]
        # A function of its own: the structure may be gone when it is called again.
        address = ctypes.cast(managed.deleter, ctypes.c_void_p).value
        self._deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)  # without the GIL

    def delete(self) -> None:
        self._deleter(self.address)

    def delete_in_a_thread(self) -> None:
        thread = threading.Thread(target=self.delete)
        thread.start()
        thread.join()


def rename(capsule: Any) -> None:
    assert API.PyCapsule_SetName(capsule, TAKEN) == 0


def takes_it(memory: Any) -> None:
    capsule = memory.__dlpack__()
    consumer = Consumer(capsule)
    rename(capsule)
    del capsule
    consumer.delete()


def takes_it_and_deletes_first(memory: Any) -> None:
    capsule = memory.__dlpack__()
    consumer = Consumer(capsule)
    rename(capsule)
    consumer.delete_in_a_thread()


def takes_nothing(memory: Any) -> None:
    memory.__dlpack__()


def fails_after_taking(memory: Any) -> None:
    """And leaves the capsule's name as it was."""
    capsule = memory.__dlpack__()
    Consumer(capsule).delete()


def fails_while_another_takes(memory: Any) -> None:
    capsule = memory.__dlpack__()
    Consumer(capsule).delete()
    # Made after the first was given back, and before its capsule dies.
    others = [memory.__dlpack__() for _ in range(20)]
    consumers = [Consumer(other) for other in others]
    for other in others:
        rename(other)
    del capsule, others, other
    assert [consumer.shape for consumer in consumers] == [[4, 48, 64, 3]] * 20
    for consumer in consumers:
        consumer.delete()


def deletes_twice(memory: Any) -> None:
    capsule = memory.__dlpack__()
    consumer = Consumer(capsule)
    rename(capsule)
    consumer.delete()
    consumer.delete_in_a_thread()
    del capsule
    consumer.delete()


def deletes_what_died_with_its_capsule(memory: Any) -> None:
    consumer = Consumer(memory.__dlpack__())
    consumer.delete()


@pytest.mark.parametrize(
    "consume",
    [
        takes_it,
        takes_it_and_deletes_first,
        takes_nothing,
        fails_after_taking,
        fails_while_another_takes,
        deletes_twice,
        deletes_what_died_with_its_capsule,
    ],
    ids=lambda consume: consume.__name__,
)
def test_memory_is_given_back_once_whatever_its_consumer_does(
    consume: Callable[[Any], None],
) -> None:
    """Regression: where a consumer failed after taking the memory was given back twice."""
    with publishing(scene(4)) as address:
        memory = next(batch_stream(address))["image"]
    held = memory.__dlpack__()
    references = sys.getrefcount(memory)
    for _ in range(50):
        consume(memory)
        assert sys.getrefcount(memory) == references
    # Each exchange holds it once, to its end.
    takes_it(memory)
    consumer = Consumer(held)
    rename(held)
    del held
    assert sys.getrefcount(memory) == references
    consumer.delete()
    assert sys.getrefcount(memory) == references - 1
    assert (memory.__array_interface__["shape"], consumer.shape) == ((4, 48, 64, 3), [4, 48, 64, 3])
