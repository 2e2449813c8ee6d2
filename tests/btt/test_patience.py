"""Statement 12 of the contract: how long a dataset waits, and what it says then."""

import re
import socket
import threading
import time
from contextlib import closing

import pytest
from blendtorch import btb, btt
from support import HANG_S
from support.streams import dataset, one_and_another, publishing


def test_conformance_12_with_nobody_connected_silence_is_an_error_after_timeoutms() -> None:
    with socket.socket() as bound:  # does not listen: nobody can
        bound.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(TimeoutError, match=f"{nobody} never connected") as raised:
            next(iter(dataset(nobody, timeoutms=400)))
        waited = time.monotonic() - started
    assert not isinstance(raised.value, AssertionError)
    # Not the two minutes of a connected publisher.
    assert 0.4 <= waited < 100


def test_conformance_12_a_connected_publisher_gets_longer_for_its_first_item() -> None:
    """`btt/src/dataset/patience.rs` has the test that it is 120 s."""
    go_on = threading.Event()

    def publish(publisher: btb.DataPublisher) -> None:
        go_on.wait(HANG_S)
        publisher.publish(x=1)

    with (
        publishing(publish) as address,
        closing(iter(dataset(address, timeoutms=3000))) as items,
    ):
        threading.Timer(8, go_on.set).start()
        assert next(items)["x"] == 1


def test_conformance_12_silence_is_a_timeout_that_names_the_addresses() -> None:
    with socket.socket() as bound:  # does not listen: nobody can
        bound.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        silent = btb.DataPublisher("tcp://127.0.0.1:0")
        thread = threading.Thread(target=silent.publish, kwargs={"x": 1}, daemon=True)
        thread.start()
        items = iter(dataset(nobody, silent.address, timeoutms=2000))
        assert next(items)["x"] == 1
        with pytest.raises(TimeoutError) as raised:
            next(items)
        thread.join(HANG_S)
        silent.close()
    text = str(raised.value)
    assert f"{nobody} never connected: nobody has listened there for " in text
    said = r" is connected since [\d.]+ s and silent since [\d.]+ s, after 1 item;"
    assert re.search(silent.address + said, text), text
    assert text.endswith("or wait longer with a larger time-out")


def test_an_iteration_goes_on_after_a_time_out() -> None:
    """Regression: the error had ended the iteration."""
    go_on = threading.Event()

    with publishing(one_and_another(go_on)) as address:
        items = iter(dataset(address, timeoutms=2000))
        assert next(items)["x"] == 1
        with pytest.raises(TimeoutError):
            next(items)
        go_on.set()
        while True:
            try:
                assert next(items)["x"] == 2
                break
            except TimeoutError:  # on a slow machine
                continue
        items.close()


def test_a_dataset_without_a_limit_waits() -> None:
    go_on = threading.Event()

    def publish(publisher: btb.DataPublisher) -> None:
        go_on.wait(HANG_S)
        publisher.publish(x=1)

    for ms in (None, -1):
        go_on.clear()
        with (
            publishing(publish) as address,
            closing(iter(btt.RemoteIterableDataset(address, timeoutms=ms))) as items,
        ):
            threading.Timer(0.5, go_on.set).start()
            assert next(items)["x"] == 1
