"""Statements 9 and 11 of the contract: order, fairness, and queues that are full. Further tests
of theirs: `transport/tests`."""

import threading
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

import numpy as np
from blendtorch import btb
from support import HANG_S
from support.processes import eventually
from support.streams import dataset, is_held_back, numbered, publishing

MEGABYTE = np.zeros(1 << 20, np.uint8)


def test_conformance_9_one_iterator_takes_from_all_addresses_in_turn() -> None:
    full = threading.Event()
    sent: list[btb.DataPublisher] = []

    def flood(publisher: btb.DataPublisher) -> None:
        sent.append(publisher)
        for number in range(60):
            publisher.publish(number=number, load=MEGABYTE)
            if number == 0:
                full.wait(HANG_S)

    with ExitStack() as stack:
        addresses = [stack.enter_context(publishing(flood, btid)) for btid in range(4)]
        items = iter(dataset(*addresses))
        first = [next(items) for _ in range(4)]
        full.set()
        # All queues are full, whatever the four threads were given of the cores.
        for publisher in sent:
            eventually("it is held back", lambda p=publisher: is_held_back(p))
        taken = [item["btid"] for item in first] + [next(items)["btid"] for _ in range(20)]
        items.close()
    counts = Counter(taken)
    assert set(counts) == {0, 1, 2, 3}
    # A round or two may be off while a queue is refilled.
    assert min(counts.values()) >= 4, counts


def test_conformance_9_one_producer_and_one_consumer_keep_order() -> None:
    with publishing(numbered(3000)) as address:
        assert [item["number"] for item in dataset(address)] == list(range(3000))


def test_conformance_11_a_full_queue_blocks_and_neither_drops_nor_grows() -> None:
    stop = threading.Event()
    held: list[btb.DataPublisher] = []

    def flood(publisher: btb.DataPublisher) -> None:
        held.append(publisher)
        number = 0
        while not stop.is_set():
            publisher.publish(number=number, load=MEGABYTE)
            number += 1

    with publishing(flood) as address:
        items = iter(dataset(address))
        assert next(items)["number"] == 0
        (publisher,) = held
        eventually("it is held back", lambda: is_held_back(publisher))
        full = publisher.stats()["messages"]
        # Ten wait here and ten there, and a few are on their way.
        assert full < 60
        time.sleep(1)
        assert publisher.stats()["messages"] == full
        taken = [next(items)["number"] for _ in range(3 * int(full))]
        stop.set()
        items.close()
    assert taken == list(range(1, 3 * int(full) + 1))


def test_conformance_11_the_queues_have_the_sizes_asked_for() -> None:
    filled = []
    for size in (2, 20):
        publisher = btb.DataPublisher("tcp://127.0.0.1:0", send_hwm=size)
        stop = threading.Event()

        def flood(publisher: btb.DataPublisher = publisher, stop: Any = stop) -> None:
            while not stop.is_set():
                try:
                    publisher.publish(load=MEGABYTE)
                except OSError:
                    return

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        items = iter(dataset(publisher.address, queue_size=size))
        next(items)
        eventually("it is held back", lambda p=publisher: is_held_back(p))
        filled.append(publisher.stats()["messages"])
        stop.set()
        items.close()
        publisher.close()
        thread.join(HANG_S)
    # 18 more on either side; how many bytes the system takes between them is its own business.
    assert filled[1] >= filled[0] + 2 * 18 - 6, filled
