"""Statement 16 of the contract: every end of a script waits for what was published to go out."""

import subprocess
import sys
import threading
import time
from contextlib import nullcontext

import numpy as np
import pytest
from blendtorch import btb, btt
from support import HANG_S, LONG_MS
from support.streams import dataset, numbered

MEGABYTE = np.zeros(1 << 20, np.uint8)


# Publishes a queue full and then ends in its own way, while its consumer takes nothing.
ENDS = f"""
import sys
import numpy as np
from blendtorch import btb

publisher = btb.DataPublisher("tcp://127.0.0.1:0", 7, lingerms={LONG_MS})
print(publisher.address, flush=True)
for number in range(8):
    publisher.publish(number=number, load=np.full(1 << 20, number, np.uint8))
print("ends", flush=True)
"""


@pytest.mark.parametrize(
    "way", ["publisher.close()", "del publisher", "pass", "sys.exit()", "raise ValueError"]
)
def test_conformance_16_every_end_of_a_script_flushes_for_lingerms(way: str) -> None:
    """`pass`: the interpreter just exits."""
    gone = f"\n{way}\nprint('gone', flush=True)\n"
    words = [sys.executable, "-P", "-c", ENDS + gone]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().decode().strip()
            items = iter(dataset(address, queue_size=1))
            got = [next(items)]
            assert process.stdout.readline() == b"ends\n"
            # It waits for its consumer; without that it would be gone now.
            time.sleep(1.5)
            assert process.poll() is None
            # One that failed says so behind its last item.
            failed = pytest.raises(btt.InstanceFailedError, match="ValueError")
            with failed if "raise" in way else nullcontext():
                for item in items:
                    got.append(item)
            assert process.wait(HANG_S) == (1 if "raise" in way else 0)
        finally:
            process.kill()
    assert [item["number"] for item in got] == list(range(8))
    assert all((item["load"] == item["number"]).all() for item in got)


def test_conformance_16_close_waits_for_lingerms_and_says_whether_all_went_out() -> None:
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", lingerms=1700)
    thread = threading.Thread(target=numbered(1), args=(publisher,), daemon=True)
    thread.start()
    items = iter(dataset(publisher.address, queue_size=1))
    next(items)
    thread.join(HANG_S)
    # Connected, and it takes nothing more: what is sent now is never taken.
    publisher.publish(load=MEGABYTE)
    started = time.monotonic()
    assert publisher.close() is False
    assert time.monotonic() - started >= 1.7
    items.close()
