"""How a script came to its end is told with its last message; nothing is lost without a word."""

import collections
import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from blendtorch import btb, btt
from support import HANG_S
from support.processes import eventually
from support.runtimes import Runtime
from support.streams import dataset

PUBLISH = """
import os, signal, sys, threading
import numpy as np
from blendtorch import btb
pub = btb.DataPublisher(sys.argv[1], btid=int(sys.argv[2]))
pub.publish(number=0)
"""

# What a script does then, how it has ended, and a line of the reason.
WAYS = {
    "pass": ("finished", None),
    "pub.close()\nsys.exit(3)": ("finished", None),
    "del pub": ("finished", None),
    "sys.exit(0)": ("finished", None),
    "try:\n    sys.exit(3)\nexcept SystemExit:\n    pub.publish(number=1)": ("finished", None),
    "try:\n    next(iter(()))\nexcept StopIteration:\n    pub.close()": ("finished", None),
    # What Blender does with the error of a driver: it prints it, and goes on.
    "sys.modules['bpy'] = sys\ndef driver():\n    1 / 0\ntry:\n    driver()\n"
    "except ZeroDivisionError as error:\n"
    "    sys.last_value = error.with_traceback(error.__traceback__.tb_next)": ("finished", None),
    "raise ValueError('no such mesh')": ("failed", "ValueError: no such mesh"),
    "raise ValueError('\\udcff')": ("failed", "ValueError: \\udcff"),
    "with pub:\n    1 / 0": ("failed", "ZeroDivisionError: division by zero"),
    "try:\n    1 / 0\nfinally:\n    pub.close()": ("failed", "ZeroDivisionError: division by zero"),
    "def f():\n    mine, globals()['pub'] = pub, None\n    1 / 0\nf()": (
        "failed",
        "ZeroDivisionError: division by zero",
    ),
    "sys.exit(3)": ("failed", "exit code 3"),
    "sys.exit('no scene')": ("failed", "no scene"),
    "def f():\n    pub.publish(number=1)\n    1 / 0\n"
    "thread = threading.Thread(target=f)\nthread.start()\nthread.join()": (
        "failed",
        "ZeroDivisionError: division by zero",
    ),
    "def f():\n    1 / 0\n"
    "thread = threading.Thread(target=f)\nthread.start()\nthread.join()\npub.publish(number=1)": (
        "finished",
        None,
    ),
    "os.kill(os.getpid(), signal.SIGINT)\nsignal.pause()": ("interrupted", None),
    # Until it is killed.
    "while True:\n    pub.publish(number=1)": (None, None),
}


@contextmanager
def script(*words: str, code: str = PUBLISH) -> Iterator[subprocess.Popen[str]]:
    """A script that publishes, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_script_that_raises_does_not_end_like_one_that_finished(tmp_path: Path) -> None:
    addresses = [f"ipc://{tmp_path}/{number}" for number in range(len(WAYS))]
    processes = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", PUBLISH + way, address, str(number)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number, (way, address) in enumerate(zip(WAYS, addresses, strict=True))
    ]
    taken = dataset(*addresses)
    items = iter(taken)

    def known() -> bool:
        stats = taken.stats()
        return int(stats["ended"] + stats["unfinished"]) == len(WAYS)

    def last_was_heard() -> bool:
        return any(one["btid"] == len(WAYS) - 1 for one in taken.stats()["publishers"])

    try:
        # The one that is killed keeps the stream from ending.
        thread = threading.Thread(target=lambda: collections.deque(items, 0), daemon=True)
        thread.start()
        eventually("the last one is heard", last_was_heard)
        processes[-1].kill()
        eventually("all have ended or gone", known)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    stats = taken.stats()
    assert (stats["ended"], stats["unfinished"]) == (len(WAYS) - 1, 1)
    told = {publisher["btid"]: publisher for publisher in stats["publishers"]}
    for number, (way, (how, reason)) in enumerate(WAYS.items()):
        one = told[number]
        assert (one["end"], one["unfinished"]) == (how, how is None), (way, one)
        assert one["address"] == addresses[number]
        last = one["reason"].splitlines()[-1] if one["reason"] else None
        assert last == reason, (way, one)
    total = btt.merge_receipts([taken.receipts()])
    assert (total["lost"], total["unfinished"]) == (0, 1)
    ends = {one["btid"]: one["end"] for one in total["publishers"]}
    assert ends == {number: how for number, (how, _) in enumerate(WAYS.values())}


def test_the_last_samples_of_a_script_reach_a_consumer_that_takes_its_time(tmp_path: Path) -> None:
    """Regression: with the default of no linger time a close lasted a second, whoever still took
    things; of 40 images 16 came, and nobody said a word."""
    publish = (
        "\nfor number in range(1, 40):\n    pub.publish(image=np.zeros((480, 640, 3), 'u1'))\n"
    )
    address = f"ipc://{tmp_path}/socket"
    published = f"{publish}print('published', flush=True)"
    with script(address, "0", code=PUBLISH + published) as process:
        assert process.stdout
        items = iter(dataset(address, queue_size=1))
        # Its queues hold ten and a few.
        got = sum(1 for _ in zip(range(30), items, strict=False))
        assert process.stdout.readline() == "published\n"
        time.sleep(1.5)
        got += sum(1 for _ in items)
        assert got == 40
        _, said = process.communicate(timeout=HANG_S)
        assert (process.returncode, said) == (0, "")


# Publishes more than its consumer takes.
OVERFULL = """
import signal, sys, threading
import numpy as np
from blendtorch import btb
if len(sys.argv) > 3:  # as in Blender
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_DFL)
pub = btb.DataPublisher(sys.argv[1], lingerms=int(sys.argv[2]))
def fill():
    while True:
        pub.publish(image=np.zeros(1 << 20, "u1"))
threading.Thread(target=fill, daemon=True).start()
sys.stdin.readline()
"""


@contextmanager
def overfull(address: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A script that has come to its end, with its queues full and a consumer that pauses."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", OVERFULL, address, *words],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    items = iter(dataset(address, queue_size=1))
    try:
        next(items)
        # Its queue is full when nothing is published any more; a tenth of a second of nothing.
        time.sleep(0.3)
        assert process.stdin
        process.stdin.write("end\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.communicate()
        items.close()  # type: ignore[attr-defined]


def test_what_nobody_took_in_time_is_said(tmp_path: Path) -> None:
    with overfull(f"ipc://{tmp_path}/socket", "100") as process:
        assert process.stderr
        said = process.stderr.read()
        assert process.wait(HANG_S) == 0
    assert "samples were given up, while a consumer" in said
    assert f"ipc://{tmp_path}/socket" in said


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_shortens_a_close_and_then_ends_the_process(
    ending: signal.Signals, tmp_path: Path
) -> None:
    """As in Blender, where a signal ends the process at once: what is given up is said before."""
    with overfull(f"ipc://{tmp_path}/socket", "600000", "as in Blender") as process:
        status = Path(f"/proc/{process.pid}/status")

        def is_closing() -> bool:
            caught = next(s for s in status.read_text().splitlines() if s.startswith("SigCgt"))
            return bool(int(caught.split()[1], 16) >> (ending - 1) & 1)

        eventually("it closes", is_closing)
        # The second time nothing is waited for.
        process.send_signal(ending)
        time.sleep(0.1)
        process.send_signal(ending)
        assert process.stderr
        said = process.stderr.read()
        assert process.wait(HANG_S) == -ending
    assert "samples were given up" in said


def test_a_loss_is_warned_of_and_counted() -> None:
    publisher = btb.DataPublisher("tcp://127.0.0.1:0", lingerms=1)
    published = []

    def fill() -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                publisher.publish(image=bytes(1 << 20))
                published.append(1)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    items = iter(dataset(publisher.address, queue_size=1))
    next(items)
    before = -1
    while before != len(published):
        before = len(published)
        time.sleep(0.3)
    with pytest.warns(RuntimeWarning, match="samples were given up") as told:
        assert publisher.close() is False
    thread.join(HANG_S)
    lost = publisher.stats()["undelivered"]
    assert 0 < lost <= len(published)
    assert f"{lost} of {len(published)} samples" in str(told[0].message)
    assert told[0].filename == __file__
    items.close()  # type: ignore[attr-defined]


# What a scene script does, and how it has ended.
SCENES = {
    # A callback raises, as in frame 50 of an animation.
    """
anim = btb.AnimationController()
def publish():
    if anim.frameid == 2:
        raise ValueError("no such mesh")
    pub.publish(frameid=anim.frameid)
anim.post_frame.add(publish)
anim.play(frame_range=(1, 3), num_episodes=1)
""": ("failed", "ValueError: no such mesh"),
    # Blender prints what a handler raises, and goes on.
    """
pub.publish(frameid=1)
def fails(*_):
    1 / 0
bpy.app.handlers.frame_change_post.append(fails)
bpy.context.scene.frame_set(2)
bpy.app.handlers.frame_change_post.remove(fails)
""": ("finished", None),
    "import sys\npub.publish(frameid=1)\nsys.exit(3)": ("failed", "exit code 3"),
}


def test_a_scene_script_that_raises_has_failed(runtime: Runtime, tmp_path: Path) -> None:
    addresses = [f"ipc://{tmp_path}/{number}" for number in range(len(SCENES))]
    processes = []
    for number, (code, address) in enumerate(zip(SCENES, addresses, strict=True)):
        scene = tmp_path / f"scene {number}.py"
        bind = f"import bpy\nfrom blendtorch import btb\npub = btb.DataPublisher({address!r})\n"
        scene.write_text(bind + code)
        words = runtime.command("--python-exit-code", "1", "--python", scene)
        output = (tmp_path / f"said {number}").open("w")
        processes.append(
            subprocess.Popen(words, env=runtime.environment(), stdout=output, stderr=output)
        )
    try:
        taken = dataset(*addresses)
        frames: list[int] = []
        with pytest.raises(btt.InstanceFailedError, match="ValueError: no such mesh"):
            frames.extend(item["frameid"] for item in taken)
        assert set(frames) == {1}
        codes = [process.wait(HANG_S) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    said = [(tmp_path / f"said {number}").read_text() for number in range(len(SCENES))]
    assert codes == [1, 0, 3], said
    assert "ZeroDivisionError" in said[1]
    ends = {one["address"]: one for one in taken.stats()["publishers"]}
    for address, expected in zip(addresses, SCENES.values(), strict=True):
        one = ends[address]
        last = one["reason"].splitlines()[-1] if one["reason"] else None
        assert (one["end"], last) == expected, (one, said)


CHILD = """
import multiprocessing, sys
from blendtorch import btb
def child():
    global pub
    pub = btb.DataPublisher(sys.argv[1])
    pub.publish(number=0)
    1 / 0
if __name__ == "__main__":
    multiprocessing.get_context("fork").Process(target=child).start()
"""


def test_a_child_of_multiprocessing_says_its_end(tmp_path: Path) -> None:
    """Regression: such a child runs no exit hooks, and went without a word."""
    address = f"ipc://{tmp_path}/socket"
    with script(address, code=CHILD):
        taken = dataset(address)
        items = iter(taken)
        assert next(items)["number"] == 0
        with pytest.raises(btt.InstanceFailedError, match="ZeroDivisionError"):
            next(items)
    (one,) = taken.stats()["publishers"]
    assert one["end"] == "failed" and "ZeroDivisionError" in one["reason"]
