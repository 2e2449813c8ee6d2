"""Times in milliseconds: what every one of ours takes, and what it says of what is none."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from blendtorch.btb.agent import RemoteControlledAgent


def places(tmp_path: Path) -> dict[str, Callable[[Any], Any]]:
    """All that take a `timeoutms`; the address is new for each."""
    address = f"ipc://{tmp_path}/socket"
    duplex = {}
    return {
        "dataset": lambda ms: btt.RemoteIterableDataset(address, timeoutms=ms),
        "consumer's duplex": lambda ms: btt.DuplexChannel(address, timeoutms=ms).close(),
        "producer's duplex": lambda ms: btb.DuplexChannel(
            "tcp://127.0.0.1:0", timeoutms=ms
        ).close(),
        "recv": lambda ms: receive(duplex, ms),
        "environment": lambda ms: btt.RemoteEnv(address, timeoutms=ms).close(),
        "agent": lambda ms: RemoteControlledAgent("tcp://127.0.0.1:0", timeoutms=ms).close(),
    }


def receive(kept: dict[str, Any], ms: Any) -> None:
    """A message is there: none of these waits."""
    with (
        btb.DuplexChannel("tcp://127.0.0.1:0") as producer,
        btt.DuplexChannel(producer.address) as consumer,
    ):
        consumer.send(x=1)
        message = producer.recv(ms)
        if ms is None or ms < 0:
            assert message is not None and message["x"] == 1


def test_every_timeoutms_takes_what_zeromq_and_our_duplex_take(tmp_path: Path) -> None:
    """Regression: -1, None and floats were errors in some of them."""
    for name, make in places(tmp_path).items():
        for ms in (None, -1, -1.0, 0.5, 10, np.int64(10), np.float32(0.5), math.inf, 10**400):
            try:
                make(ms)
            except Exception as error:
                raise AssertionError(f"{name} refuses {ms}") from error


def test_what_is_no_time_is_explained(tmp_path: Path) -> None:
    for name, make in places(tmp_path).items():
        for ms in (-2, -0.5, math.nan, -math.inf, -(10**400)):
            with pytest.raises(ValueError, match=r"timeoutms is .*None or -1 to wait for ever"):
                make(ms)
        with pytest.raises(TypeError, match=r"timeoutms must be a number of milliseconds.*not str"):
            make("10")
        assert name
