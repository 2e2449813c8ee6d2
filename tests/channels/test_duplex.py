"""The duplex channel, between Python and a real Blender."""

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btb, btt
from support import LONG_MS, SCENES
from support.runtimes import Runtime

SCENE = SCENES / "duplex.blend.py"


def test_conformance_18_blender_answers_in_order(runtime: Runtime) -> None:
    launcher = btt.BlenderLauncher(
        None, SCENE, 2, ["CTRL"], proto="ipc", background=True, blender=runtime.place
    )
    with launcher as bl:
        channels = [
            btt.DuplexChannel(address, btid=9, timeoutms=LONG_MS)
            for address in bl.launch_info.addresses["CTRL"]
        ]
        radii = np.arange(6, dtype=np.float32).reshape(2, 3)
        sent = [
            (index, number, channel.send(number=number, radii=radii, name="shape"))
            for number in range(3)
            for index, channel in enumerate(channels)
        ]
        for index, number, btmid in sent:
            message = channels[index].recv(LONG_MS)
            assert message is not None and message["btid"] == index
            echo = message["echo"]
            assert (echo["btid"], echo["btmid"], echo["number"]) == (9, btmid, number)
            np.testing.assert_array_equal(echo["radii"], radii)
            assert echo["radii"].dtype == np.float32
        for channel in channels:
            channel.send(stop=True)
            stopped = channel.recv(LONG_MS)
            assert stopped is not None and stopped["stopped"]
            channel.close()
        assert bl.wait() == [0, 0]


def test_conformance_18_a_time_out_returns_none() -> None:
    with btb.DuplexChannel("tcp://127.0.0.1:0") as here, btt.DuplexChannel(here.address) as there:
        start = time.monotonic()
        assert there.recv(timeoutms=50) is None
        assert there.recv(0) is None
        assert time.monotonic() - start >= 0.05
        there.send(a=1)
        assert here.recv(LONG_MS)["a"] == 1


def test_conformance_18_it_reconnects_when_the_peer_restarts(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/ctrl"
    with btt.DuplexChannel(address, timeoutms=LONG_MS) as consumer:
        for life in range(3):
            # What was sent to a life that has ended is lost: each begins by speaking.
            with btb.DuplexChannel(address, btid=life, timeoutms=LONG_MS, lingerms=LONG_MS) as ours:
                ours.send(life=life)
                message = consumer.recv(LONG_MS)
                assert message is not None and message["life"] == message["btid"] == life
                consumer.send(answer=life)
                answer = ours.recv(LONG_MS)
                assert answer is not None and answer["answer"] == life


def fill(channel: btb.DuplexChannel) -> None:
    """Sends more than the queue of a channel holds."""
    for number in range(100):
        channel.send(number=number)


def test_what_cannot_travel_and_what_nobody_takes_is_said() -> None:
    with btb.DuplexChannel("tcp://127.0.0.1:0", timeoutms=200) as channel:
        with pytest.raises(TypeError, match="'odd' is a object"):
            channel.send(odd=object())
        with pytest.raises(TimeoutError, match=r"took nothing for 0\.2 s"):
            fill(channel)
    with pytest.raises(OSError, match="closed"):
        channel.recv(0)


def test_one_thread_sends_while_another_waits() -> None:
    with btb.DuplexChannel("tcp://127.0.0.1:0") as here, btt.DuplexChannel(here.address) as there:
        got: list[Any] = []
        waiting = threading.Thread(target=lambda: got.append(there.recv(LONG_MS)))
        waiting.start()
        # It must not have to wait until the other one is through: that one waits for its effect.
        number = there.send(a=1)
        message = here.recv(LONG_MS)
        assert message is not None and message["btmid"] == number
        here.send(b=2)
        waiting.join()
        assert got[0] is not None and got[0]["b"] == 2


def test_waiting_as_scripts_of_the_original_say_it() -> None:
    with (
        btb.DuplexChannel("tcp://127.0.0.1:0", timeoutms=-1) as here,
        btt.DuplexChannel(here.address, btid=3) as there,
    ):
        number = there.send(a=1)
        # Less than nothing is for ever; numbers need not be integers.
        question = here.recv(timeoutms=-1)
        assert question is not None and here.recv(1.5) is None
        # A number and an id that are given travel as they are.
        here.send(btid=question["btid"], btmid=question["btmid"], a=2)
        assert there.recv(LONG_MS) == {"btid": 3, "btmid": number, "a": 2}
