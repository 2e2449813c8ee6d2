"""What an instance does when it is asked, and how a script comes to its end."""

import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support import LONG_MS
from support.control import FRAMES, PID, Launcher, Page
from support.processes import eventually
from support.runtimes import Runtime

EPISODES = """
seen = []
anim = btb.AnimationController()
SIGNALS = "pre_play pre_animation pre_frame post_frame post_animation post_play".split()
def hear(name):
    seen.append([name, anim.episode, anim.index])
for name in SIGNALS:
    getattr(anim, name).add(lambda name=name: hear(name))

def play(episodes):
    seen.append("play")
    anim.play((1, 2), num_episodes=episodes)

off = btb.OffScreenRenderer(btb.Camera(shape=(8, 8)))
def render():
    if anim.frameid == 1: off.render()
    if (anim.episode, anim.frameid) == (1, 1): sys.stdin.readline()
anim.post_frame.add(render)
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
"""


def frames(episode: int) -> list[list[Any]]:
    """What is called in an episode of two frames."""
    called = [["pre_animation", episode, 0]]
    for index in (0, 1):
        called += [["pre_frame", episode, index], ["post_frame", episode, index]]
    return [*called, ["post_animation", episode, 1]]


def test_playing_ends_after_the_episode_and_the_script_goes_on(
    runtime: Runtime, tmp_path: Path
) -> None:
    code = EPISODES + "play(-1)\nplay(5)\nplay(5)\nreport(seen=seen)\n"
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        launcher.start(runtime.script_command(tmp_path, code), runtime.environment())
        launcher.until("it has said who it is", lambda: launcher.about["runtime"])
        said = launcher.about
        assert (said["protocol"], said["life"], said["runtime"]) == (1, 1, runtime.name)
        assert launcher.process is not None
        assert said["pid"] == launcher.process.pid == page[PID]
        assert said["blender"].startswith(("3.", "4.", "5.")) and said["python"].startswith("3.")
        assert Path(said["session_folder"]).is_dir()
        assert said["folders"] == [said["session_folder"]]
        eventually("its second episode begins", lambda: page.place == (1, 0))
        launcher.until("it has drawn", lambda: launcher.about["engine"])
        assert launcher.about["engine"] == "WORKBENCH" and launcher.about["gpu"]
        assert (page.state, page[FRAMES]) == ("rendering", 2)
        launcher.stop()
        counted = launcher.tell("status")["Ok"]
        assert counted["render_s"] > 0 and counted["evaluate_s"] > 0
        assert counted["frames_s"] >= counted["evaluate_s"] and counted["memory"] > 0
        launcher.say("go on")
        seen = launcher.reported()["seen"]
        assert launcher.errors == []
    called = ["play", ["pre_play", 0, 0], *frames(0), *frames(1), ["post_play", 2, 1]]
    assert seen == [*called, "play", "play"], "those behind it are over at once"
    # The next life would go on with it: it had no end.
    assert (page.resume, page.place) == ([0, 0, 2, 2], (None, None))
    page.close()


# Loops around what is ended, after how many frames the second run of `anim` waits, and what the
# script has played.
LOOPS = {
    "while True: play()": (3, ["play", "episode", "play", "episode", "play", "play"]),
    "while True:\n    btb.AnimationController().play((1, 1), 1)\n    play()": (
        5,
        ["play", "episode", "play", "episode", "play"],
    ),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_around_playing_ends_too(loop: str, bpy_runtime: Runtime, tmp_path: Path) -> None:
    code = f"""
import atexit
seen = []
anim = btb.AnimationController()
anim.post_animation.add(lambda: seen.append("episode"))
def play():
    seen.append("play")
    anim.play((1, 2), num_episodes=1)
def wait():
    if anim.frameid == 2 and len(seen) == 3: sys.stdin.readline()
anim.pre_frame.add(wait)
atexit.register(lambda: report(seen=seen))
{loop}
"""
    done, expected = LOOPS[loop]
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        launcher.start(bpy_runtime.script_command(tmp_path, code))
        eventually("it waits in its second play", lambda: page[FRAMES] == done)
        launcher.stop()
        launcher.say("go on")
        assert launcher.reported()["seen"] == expected
    page.close()


def test_a_window_ends_when_it_is_asked_to(windowed: Runtime, tmp_path: Path) -> None:
    code = """
import atexit
seen = []
anim = btb.AnimationController()
anim.post_play.add(lambda: seen.append("post_play"))
atexit.register(lambda: report(seen=seen, episode=anim.episode))
anim.play((1, 2))
"""
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        launcher.start(windowed.script_command(tmp_path, code), windowed.environment())
        eventually("it plays", lambda: page[FRAMES] > 4)
        launcher.stop()
        reported = launcher.reported()
        assert reported["seen"] == ["post_play"] and reported["episode"] >= 2
    page.close()


PLAIN = """
import sys
from blendtorch import btb
pub = btb.DataPublisher(sys.argv[1], 3)
count = btb.parameters.add("count", 0)
btb.services.register("test", publish=lambda: pub.publish(of="service", count=count.value))
number = 0
while True:
    pub.publish(of="loop", number=number, count=count.value)
    number += 1
    if number == 5: sys.stdin.readline()
"""


def test_a_plain_loop_is_asked_after_an_item(tmp_path: Path) -> None:
    """Whatever was asked for, all that was published arrives, and the stream has an end."""
    page = Page()
    address = f"ipc://{tmp_path}/data"
    with Launcher(tmp_path, page) as launcher:
        launcher.start([sys.executable, "-P", "-c", PLAIN, address])
        items = iter(btt.RemoteIterableDataset([address], timeoutms=LONG_MS, max_items=10**6))
        got = [next(items) for _ in range(5)]
        eventually("five are counted", lambda: page[FRAMES] == 5)
        launcher.set(count=7)
        call = launcher.call("test", "publish")
        launcher.stop()
        launcher.say("go on")
        got += items
        assert launcher.outcome(call) == {"Ok": None}
        assert launcher.ends() == (0, "")
    # The sixth is the moment: then the parameter is set, the service called, and it ends.
    said = [(item["of"], item.get("number"), item["count"]) for item in got]
    assert said == [*(("loop", n, 0) for n in range(6)), ("service", None, 7)]
    assert [page[64 + word] for word in (1, 2)] == [7, 7], "offered and accepted"
    page.close()


WAITS = """
import sys
from blendtorch import btb
pub = btb.DataPublisher(sys.argv[1], 3)
seen = []
def change(value):
    seen.append(value)
    if value == 3: raise ValueError(f"seen: {seen}")
light = btb.parameters.add("light", 1, on_change=change)
btb.services.register("test", light=lambda: light.value)
pub.publish(before=light.value)
"""


def test_a_parameter_that_is_set_while_a_consumer_is_waited_for_costs_no_sample(
    tmp_path: Path,
) -> None:
    """Calls are made meanwhile, and what changes a frame comes when it is over, in order."""
    page = Page()
    address = f"ipc://{tmp_path}/data"
    with Launcher(tmp_path, page) as launcher:
        launcher.start([sys.executable, "-P", "-c", WAITS, address])
        eventually("it waits", lambda: page.state == "waiting_for_consumer")
        for light in (2, 3):
            launcher.set(light=light)
            assert launcher.outcome(launcher.call("test", "light")) == {"Ok": 1}
        items = iter(btt.RemoteIterableDataset([address], timeoutms=LONG_MS, max_items=10**6))
        assert next(items)["before"] == 1
        with pytest.raises(btt.InstanceFailedError, match=r"seen: \[2, 3\]"):
            next(items)
        assert launcher.ends()[0] == 1
    page.close()


CALLS = """
import sys
from blendtorch import btb
pub = btb.DataPublisher(sys.argv[1], 3)
def hold(publish):
    if publish: pub.publish(of="call")
    return sys.stdin.readline()
btb.services.register("test", hold=hold)
pub.publish(of="script")
sys.stdin.readline()
pub.publish(of="script")
sys.stdin.readline()
btb.serve()
"""


def test_a_call_is_no_hang_however_long_it_takes(tmp_path: Path) -> None:
    """Who waits for a request never hangs: its caller knows how long it may take."""
    page = Page()
    address = f"ipc://{tmp_path}/data"
    with Launcher(tmp_path, page) as launcher:
        launcher.start([sys.executable, "-P", "-c", CALLS, address])
        eventually("it waits", lambda: page.state == "waiting_for_consumer")
        call = launcher.call("test", "hold", False)
        eventually("it is called", lambda: page.state == "waiting_for_request")
        launcher.say("held")
        assert launcher.outcome(call) == {"Ok": "held\n"}
        eventually("it waits again", lambda: page.state == "waiting_for_consumer")
        items = iter(btt.RemoteIterableDataset([address], timeoutms=LONG_MS, max_items=10**6))
        assert next(items)["of"] == "script"
        eventually("it goes on", lambda: page.state == "rendering")
        # Between two frames, and what is called publishes itself.
        call = launcher.call("test", "hold", True)
        launcher.tell("status")
        launcher.say("the next frame")
        assert [next(items)["of"] for _ in range(2)] == ["script", "call"]
        eventually("it is called", lambda: page.state == "waiting_for_request")
        launcher.say("held")
        assert launcher.outcome(call) == {"Ok": "held\n"}
        eventually("it goes on", lambda: page.state == "rendering")
        # And where it does nothing else.
        launcher.say("serve")
        eventually("it serves", lambda: page.state == "waiting_for_request")
        call = launcher.call("test", "hold", True)
        assert next(items)["of"] == "call"
        eventually("it is called", lambda: page.state == "waiting_for_request")
        launcher.say("held")
        assert launcher.outcome(call) == {"Ok": "held\n"}
        launcher.stop()
        assert list(items) == []
        assert launcher.ends() == (0, "")
    page.close()


CONVERSES = """
import sys
from blendtorch import btb
light = btb.parameters.add("light", 1)
channel = btb.DuplexChannel(sys.argv[1])
while channel.recv():
    channel.send(light=light.value)
"""


def test_who_converses_alone_is_set_while_it_waits(tmp_path: Path) -> None:
    page = Page()
    address = f"ipc://{tmp_path}/duplex"
    with Launcher(tmp_path, page) as launcher:
        launcher.start([sys.executable, "-P", "-c", CONVERSES, address])
        launcher.until("it is known", lambda: launcher.about["parameters"])
        with btt.DuplexChannel(address) as channel:
            for light in (2, 3):
                launcher.set(light=light)

                def is_set(light: int = light) -> bool:
                    return bool(launcher.about["parameters"]["light"]["value"] == light)

                launcher.until("it is set", is_set)
                channel.send(what="light")
                said = channel.recv(timeoutms=LONG_MS)
                assert said is not None and said["light"] == light
    page.close()


WAITS_IN_HANDLER = """
pub = btb.DataPublisher(sys.argv[-1])
where = "outside"
def publish(scene, *_):
    global where
    where = "inside"
    pub.publish(frame=scene.frame_current)
    where = "outside"
btb.services.register("test", where=lambda: where)
bpy.app.handlers.frame_change_post.append(publish)
btb.AnimationController().play((1, 1), num_episodes=1)
"""


def test_nothing_is_called_within_a_handler_that_waits(runtime: Runtime, tmp_path: Path) -> None:
    page = Page()
    address = f"ipc://{tmp_path}/data"
    with Launcher(tmp_path, page) as launcher:
        command = runtime.script_command(tmp_path, WAITS_IN_HANDLER, address)
        launcher.start(command, runtime.environment())
        eventually("it waits", lambda: page.state == "waiting_for_consumer")
        call = launcher.call("test", "where")
        launcher.tell("status")
        items = btt.RemoteIterableDataset([address], timeoutms=LONG_MS, max_items=10**6)
        assert [item["frame"] for item in items] == [1]
        assert launcher.outcome(call) == {"Ok": "outside"}
        code, said = launcher.ends()
        assert code == 0, said
    page.close()


IN_HANDLER = """
pub = btb.DataPublisher(sys.argv[-1])
def publish(scene, *_): pub.publish(frame=scene.frame_current)
bpy.app.handlers.frame_change_post.append(publish)
while True:
    bpy.context.scene.frame_set(bpy.context.scene.frame_current % 5 + 1)
"""


def test_a_loop_whose_handlers_publish_is_one_too(runtime: Runtime, tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/data"
    with Launcher(tmp_path) as launcher:
        command = runtime.script_command(tmp_path, IN_HANDLER, address)
        launcher.start(command, runtime.environment())
        items = iter(btt.RemoteIterableDataset([address], timeoutms=LONG_MS, max_items=10**6))
        next(items)
        launcher.stop()
        # It may be found as early as with the first.
        assert {item["frame"] for item in items} <= set(range(1, 6))
        code, said = launcher.ends()
        assert code == 0, said


def test_a_thread_that_publishes_is_no_moment(tmp_path: Path) -> None:
    code = """
import sys, threading
from blendtorch import btb
names = []
btb.parameters.add("it", 0, on_change=lambda _: names.append(threading.current_thread().name))
pub = btb.DataPublisher(sys.argv[1])
sys.stdin.readline()
thread = threading.Thread(target=lambda: pub.publish(number=0), name="other")
thread.start(); thread.join()
names.append("then")
pub.publish(number=1)
print(names)
"""
    address = f"ipc://{tmp_path}/data"
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", code, address])
        launcher.until("it is known", lambda: launcher.about["parameters"])
        launcher.set(it=1)
        launcher.say("go on")
        items = btt.RemoteIterableDataset([address], timeoutms=LONG_MS)
        threading.Thread(target=lambda: deque(items, 0), daemon=True).start()
        assert launcher.ends() == (0, "['then', 'MainThread']\n")


ENV = """
class Env(btb.BaseEnv):
    def _env_reset(self): pass
    def _env_prepare_step(self, action): pass
    def _env_post_step(self): return dict(obs=0, reward=1.0)

agent = btb.RemoteControlledAgent(sys.argv[-1])
Env(agent).run((1, 100))
report(after=True)
"""


def test_an_environment_ends_with_a_reset(bpy_runtime: Runtime, tmp_path: Path) -> None:
    page = Page()
    address = f"ipc://{tmp_path}/gym"
    with Launcher(tmp_path, page) as launcher:
        launcher.start(bpy_runtime.script_command(tmp_path, ENV, address))
        env = btt.RemoteEnv(address, timeoutms=LONG_MS)
        env.reset()
        eventually("it waits", lambda: page.state == "waiting_for_agent")
        launcher.stop()
        # Its episode goes on as long as the agent likes.
        assert [env.step(0)[1] for _ in range(3)] == [1.0] * 3
        with pytest.raises(btt.RemoteEnvError, match="was asked to stop"):
            env.reset()
        assert launcher.reported()["after"]
        assert page.state == "quiet"
        env.close()
    page.close()


LONG = """
import sys
from blendtorch import btb
from blendtorch.btb import asked

turns = []
def long():
    for turn in range(3):
        turns.append(asked.stop_waits())
        if turn == 0:
            sys.stdin.readline()
    return turns

btb.services.register("test", long=long, after=lambda: turns.append("after"))
sys.stdin.readline()
btb.serve()
print(turns)
"""


@pytest.mark.parametrize("at_once", [True, False])
def test_a_long_service_sees_a_stop_that_was_asked_behind_it(tmp_path: Path, at_once: bool) -> None:
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", LONG])
        launcher.until("it serves", lambda: launcher.about["services"])
        call = launcher.call("test", "long")
        if at_once:  # Both are taken together.
            launcher.stop()
            launcher.say("serve")
        else:
            launcher.say("serve")
            after = launcher.call("test", "after")
            launcher.stop()
        launcher.say("go on")
        turns = launcher.outcome(call)["Ok"]
        assert turns[1:] == [True, True] and (turns[0] or not at_once)
        if not at_once:
            assert launcher.outcome(after) == {"Ok": None}
        code, said = launcher.ends()
        assert code == 0 and said.rstrip().endswith("True]" if at_once else "'after']"), said
