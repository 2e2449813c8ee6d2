"""A producer and a consumer in Python: arguments, measuring and what is said at the end, all as the
bench's own roles do it (src/stream/roles.rs).

A way of streaming gives `main` two things. The producer's end has `publish(number)`, which calls
`number` immediately before it publishes an image and sends what that gives along, and `close()`.
The consumer's end iterates lists: the numbers of the images of a batch that is in memory and has
been looked at. What is imported on the way to either is not measured.
"""

import argparse
import ctypes
import json
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Protocol

BATCH = 8
WARM_UP = 50
PAUSE = 0.04
LIMIT = 120
PR_SET_PDEATHSIG = 1


class Outlet(Protocol):
    """Where images are sent."""

    def publish(self, number: Callable[[], int]) -> None:
        """Publishes one image."""

    def close(self) -> None:
        """Waits until all is taken."""


def produce(outlet: Outlet, items: int, ack: str | None) -> dict[str, Any]:
    """Sends all; what it used."""
    imported = time.process_time()
    if ack is None:
        numbers = count().__next__
        for _ in range(items):
            outlet.publish(numbers)
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(ack)
            listener.listen()
            consumer, _ = listener.accept()
        for _ in range(items):
            outlet.publish(time.monotonic_ns)
            consumer.recv(1)
    outlet.close()
    return {"cpu": time.process_time() - imported}


def throughput(batches: Iterator[list[int]], items: int) -> dict[str, Any]:
    """Images per second and processor seconds, from the second batch on."""
    images = first = len(next(batches))
    start, imported = time.perf_counter(), time.process_time()
    for numbers in batches:
        images += len(numbers)
    rate = (images - first) / (time.perf_counter() - start)
    cpu = time.process_time() - imported
    assert images == items, f"{images} of {items} came"
    return {"cpu": cpu, "images_per_second": rate}


def latency(batches: Iterator[list[int]], items: int, ack: str) -> dict[str, Any]:
    """Milliseconds from before an image is published until its batch of one is handed out."""
    producer = answer_to(ack)
    times = []
    for numbers in batches:
        times.append(time.monotonic_ns() - numbers[0])
        producer.send(b"\1")
    assert len(times) == items, f"{len(times)} of {items} came"
    times = sorted(times[WARM_UP:])
    p50, p99 = (times[len(times) * part // 100] / 1e6 for part in (50, 99))
    return {"p50_ms": p50, "p99_ms": p99}


def memory(batches: Iterable[list[int]]) -> dict[str, Any]:
    """Megabytes of a consumer that takes batches slowly."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # forgets the highest so far
    before, shared, own = megabytes("VmRSS"), 0.0, 0.0
    for _ in batches:
        time.sleep(PAUSE)
        shared = max(shared, megabytes("RssShmem"))
        own = max(own, megabytes("VmRSS") - megabytes("RssShmem"))
    peak = megabytes("VmHWM")
    return {"before_mb": before, "peak_mb": peak, "shared_mb": shared, "own_mb": own}


def answer_to(ack: str) -> socket.socket:
    """Where the producer listens, or is about to."""
    producer = socket.socket(socket.AF_UNIX)
    while producer.connect_ex(ack) != 0:
        time.sleep(0.002)
    return producer


def megabytes(name: str) -> float:
    """Of this process."""
    with open("/proc/self/status") as file:
        lines = (line.split() for line in file)
        return next(int(line[1]) * 1024 / 1e6 for line in lines if line[0] == f"{name}:")


def main(
    outlet: Callable[[argparse.Namespace], Outlet] | None,
    inlet: Callable[[argparse.Namespace], Iterator[list[int]]],
) -> None:
    """Plays a role. `batch` in the arguments is the size of a batch."""
    # Ends with the bench, however that ends, and after a while whatever it is doing.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.alarm(LIMIT)
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["producer", "consumer"] if outlet else ["consumer"])
    parser.add_argument("--address")
    parser.add_argument("--addresses", nargs="+")
    parser.add_argument("--items", type=int, required=True, help="of all producers, of a consumer")
    parser.add_argument("--size", type=int, nargs=2, required=True, help="rows and columns")
    parser.add_argument("--number", type=int, default=0, help="of the producer")
    parser.add_argument("--ready", help="a file to be made as soon as a consumer may connect")
    parser.add_argument("--done", help="a file that the consumer makes when it has all images")
    parser.add_argument("--ack", help="a Unix socket: one image at a time, answered by a byte")
    parser.add_argument("--memory", action="store_true", help="take batches slowly")
    args = parser.parse_args()
    args.batch = BATCH if args.ack is None else 1
    if outlet and args.role == "producer":
        producer = outlet(args)
        Path(args.ready).touch()
        told = produce(producer, args.items, args.ack)
    elif args.ack is not None:
        told = latency(inlet(args), args.items, args.ack)
    elif args.memory:
        told = memory(inlet(args))
    else:
        told = throughput(inlet(args), args.items)
    if args.done and args.role == "consumer":
        Path(args.done).touch()
    print(json.dumps(told))
