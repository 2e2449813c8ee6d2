"""Known messages are thrown away between a publisher and its consumers, who count exactly so."""

import json
import pickle
import threading
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
import zmq
from blendtorch import btt
from support import HANG_S, LONG_MS
from support.sources import Source
from support.streams import dataset

SENT = 300

LOST = {0, 1, *range(50, 60), 120, 122, 299}

REPEATED = {70, 71, 200}


class Relay:
    """Takes a publisher's stream and passes on what `LOST` and `REPEATED` leave of it."""

    def __init__(self, address: str, consumers: int) -> None:
        self.context = zmq.Context()
        self.pull = self.context.socket(zmq.PULL)
        self.pull.connect(address)
        self.push = self.context.socket(zmq.PUSH)
        # Before anybody can come.
        self.monitor = self.push.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self.address = f"tcp://127.0.0.1:{self.push.bind_to_random_port('tcp://127.0.0.1')}"
        self.consumers = consumers
        for socket in (self.pull, self.push, self.monitor):
            socket.rcvtimeo = socket.sndtimeo = LONG_MS
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        for _ in range(self.consumers):
            self.monitor.recv_multipart()
        while True:
            frames = self.pull.recv_multipart()
            header = msgpack.unpackb(frames[0], ext_hook=lambda *_: None)
            if header["kind"] == "end":
                for _ in range(self.consumers):  # in turn: one to each
                    self.push.send_multipart(frames)
                return
            for _ in range(0 if (n := header["sequence"]) in LOST else 2 if n in REPEATED else 1):
                self.push.send_multipart(frames)

    def __enter__(self) -> "Relay":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(HANG_S)
        self.context.destroy(linger=0)


def consumed(count: int) -> list[btt.RemoteIterableDataset]:
    """So many datasets that have taken all that the relay passes on."""
    source = Source(SENT)
    try:
        with Relay(source.address, count) as relay:
            datasets = [dataset(relay.address) for _ in range(count)]
            take: Callable[[btt.RemoteIterableDataset], Any] = list
            threads = [threading.Thread(target=take, args=(one,), daemon=True) for one in datasets]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(HANG_S)
            return datasets
    finally:
        source.stop()


def test_conformance_14_one_consumer_counts_what_was_thrown_away() -> None:
    (only,) = consumed(1)
    stats = only.stats()
    assert stats["received"] == SENT - len(LOST)
    assert stats["duplicated"] == len(REPEATED)
    # The two before the first it saw it cannot miss; the receipts know of them.
    assert stats["missing"] == len(LOST) - 2
    total = btt.merge_receipts([only.receipts()])
    assert (total["lost"], total["duplicated"]) == (len(LOST), len(REPEATED))


def test_conformance_14_three_consumers_count_together_what_was_thrown_away() -> None:
    datasets = consumed(3)
    each = [one.stats() for one in datasets]
    assert all(stats["missing"] > len(LOST) for stats in each)
    # As they come from other processes and machines.
    first, second, third = (one.receipts() for one in datasets)
    receipts = [first, json.loads(json.dumps(second)), pickle.loads(pickle.dumps(third))]
    total = btt.merge_receipts(receipts)
    assert total == btt.merge_receipts(reversed(receipts))
    assert total["received"] == SENT - len(LOST)
    assert (total["lost"], total["duplicated"]) == (len(LOST), len(REPEATED))
    (publisher,) = total["publishers"]
    assert (publisher["btid"], publisher["sent"]) == (0, SENT)


def test_what_is_no_receipts_is_refused() -> None:
    with pytest.raises(ValueError, match="what receipts\\(\\) returned"):
        btt.merge_receipts([{"publishers": [{"publisher": "x"}]}])
    assert btt.RemoteIterableDataset("tcp://127.0.0.1:1").receipts() == {"publishers": []}
    assert btt.merge_receipts([])["lost"] == 0
