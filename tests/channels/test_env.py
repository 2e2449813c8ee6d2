"""Environments on real Blender: the original's classes, Gymnasium's, and what goes wrong."""

import concurrent.futures
import os
import signal
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btt
from blendtorch.btb.agent import RemoteControlledAgent
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from support import LONG_MS, SCENES
from support.processes import eventually
from support.runtimes import Runtime
from support.untested import untested

SCENE = SCENES / "counter_env.blend.py"


@pytest.fixture
def in_runtime(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is launched takes this Blender."""
    monkeypatch.setenv("BLENDTORCH_BLENDER", runtime.place)


def launched(**options: Any) -> Any:
    """The scene of these tests, as scripts of the original launch theirs."""
    return btt.launch_env("", SCENE, background=True, **options)


@pytest.mark.usefixtures("in_runtime")
def test_conformance_22_reset_and_step() -> None:
    with launched() as env:
        obs, info = env.reset()
        # `_env_post_step` also runs on the frame of a reset.
        assert obs == 0 and info["count"] == 1 and env.env_time == 1
        obs, reward, done, info = env.step([0.25])
        assert (obs, reward, done, info["count"]) == (0.25, 0.0, False, 2)
        obs, reward, done, info = env.step([0.75])
        assert (obs, reward, done, info["count"]) == (0.75, 1.0, False, 3)
        assert env.env_time == 3
        obs, info = env.reset()
        assert obs == 0 and info["count"] == 1 and env.env_time == 1


@pytest.mark.usefixtures("in_runtime")
def test_conformance_22_done_is_forced_at_the_end_of_the_frame_range() -> None:
    with launched(last=4) as env:
        for _ in range(2):
            _, info = env.reset()
            done = [env.step([0.0])[2] for _ in range(5)]
            # An agent that goes on past the end is served.
            assert not info["done"] and done == [False, False, True, True, True]


def test_conformance_22_no_step_advances_without_a_command() -> None:
    with launched() as env:
        env.reset()
        env.step([0.5])
        time.sleep(0.5)  # twelve frames of the scene's clock
        *_, info = env.step([0.5])
        assert info["count"] == 3
        # Neither does a description, nor an image.
        env.describe()
        assert env.render_now().shape == (64, 64, 3)
        *_, info = env.step([0.5])
        assert info["count"] == 4


def test_conformance_22_in_real_time_the_simulation_goes_on_at_the_frame_rate() -> None:
    with launched(real_time=True) as env:
        env.reset()
        start = time.monotonic()
        *_, info = env.step([0.5])
        first = info["count"]
        frames = steps = 0
        while frames < steps + 5:  # without a command
            time.sleep(0.2 * (steps + 1))
            *_, info = env.step([0.5])
            frames, steps = info["count"] - first, steps + 1
            assert steps < 20, "it does not go on"
        elapsed = time.monotonic() - start
    # 24 frames a second; a busy machine may be late, and none may be early.
    assert frames <= 24 * elapsed + 2


@pytest.mark.usefixtures("in_runtime")
def test_conformance_22_an_image_is_sent_only_on_the_frames_it_was_rendered_for() -> None:
    with launched(render_every=3) as env:
        env.reset()
        rendered = [env.rgb_array is not None]
        for _ in range(6):
            env.step([0.0])
            rendered.append(env.rgb_array is not None)
            assert (env.render("rgb_array") is None) == (not rendered[-1])
        assert rendered == [True, False, False, True, False, False, True]
        image = env.rgb_array
        assert image.shape == (64, 64, 3) and image.dtype == np.uint8 and image.std() > 1


def test_conformance_22_arguments_of_the_scene() -> None:
    words = btt.env.script_arguments({"render_every": 10, "real_time": True, "random": False})
    assert words == ["--render-every", "10", "--real-time", "--no-random"]


def test_conformance_22_openai_remote_env_without_gym(tmp_path: Path) -> None:
    class CounterEnv(btt.env.OpenAIRemoteEnv):
        def __init__(self) -> None:
            super().__init__(version="0.0.1")
            self.launch("", SCENE, background=True, render_every=2)

    env = CounterEnv()
    try:
        assert env.reset() == 0
        obs, reward, done, info = env.step([0.75])
        assert (obs, reward, done, info["count"], env.env_time) == (0.75, 1.0, False, 2, 2)
        assert env.render(mode="rgb_array") is None
        env.step([0.0])
        assert env.render(mode="rgb_array").shape == (64, 64, 3)
        with pytest.raises(RuntimeError, match="runs already"):
            env.launch("", SCENE)
    finally:
        env.close()
    with pytest.raises(RuntimeError, match="launch"):
        env.reset()


LOCAL_AGENT = """
class Env(btb.BaseEnv):
    def _env_reset(self): calls.append("reset")
    def _env_prepare_step(self, action): calls.append(("prepare", action, self.events.frameid))
    def _env_post_step(self):
        calls.append(("post", self.events.frameid))
        return dict(obs=self.events.frameid, reward=0.5)

def agent(env, **ctx):
    seen.append((ctx["obs"], ctx["reward"], ctx["done"], ctx["prev_action"]))
    if len(seen) == 6:
        report(calls=calls, seen=seen)
        raise SystemExit
    if len(seen) == 4:
        return env.CMD_RESTART, None
    return env.CMD_STEP, len(seen)

calls, seen = [], []
Env(agent).run(frame_range=(1, 3))
"""


def test_conformance_22_an_agent_in_the_scene_itself(runtime: Runtime, tmp_path: Path) -> None:
    told = runtime.reported(tmp_path, LOCAL_AGENT)
    assert told["calls"] == [
        "reset",
        ["post", 1],
        ["prepare", 1, 2],
        ["post", 2],
        ["prepare", 2, 3],
        ["post", 3],
        ["prepare", 3, 4],
        ["post", 4],
        "reset",
        ["post", 1],
        ["prepare", 5, 2],
        ["post", 2],
    ]
    assert told["seen"] == [
        [1, 0.5, False, None],
        [2, 0.5, False, 1],
        [3, 0.5, True, 2],
        [4, 0.5, True, 3],
        [1, 0.5, False, None],
        [2, 0.5, False, 5],
    ]


@pytest.mark.filterwarnings("ignore:.*recommend using a symmetric:UserWarning")
@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
def test_conformance_23_gymnasium_s_own_check_passes(runtime: Runtime) -> None:
    env = btt.BlenderEnv("", SCENE, render_mode="rgb_array", blender=runtime.place, random=True)
    try:
        check_env(env)
    finally:
        env.close()


def test_conformance_23_seeds_options_and_the_two_ends_of_an_episode() -> None:
    env = btt.BlenderEnv("", SCENE, random=True, last=3)
    try:
        first, info = env.reset(seed=5, options={"level": 2})
        assert info["options"] == {"level": 2}
        second, _ = env.reset()
        again, _ = env.reset(seed=5)
        assert first == again and first != second and env.observation_space.contains(first)
        assert env.step([0.0])[2:4] == (False, False)
        # The frame range's end truncates; nothing was terminated.
        assert env.step([0.0])[2:4] == (False, True)
        assert env.metadata["render_fps"] == 24 and env.render() is None
    finally:
        env.close()


def test_conformance_23_a_vector_environment_of_two() -> None:
    envs = btt.BlenderVectorEnv("", SCENE, 2, random=True, last=3)
    try:
        assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
        obs, infos = envs.reset(seed=[1, 2])
        assert obs.shape == (2, 1) and obs[0] != obs[1] and envs.observation_space.contains(obs)
        assert list(infos["count"]) == [1, 1] and list(infos["_count"]) == [True, True]
        same, _ = envs.reset(seed=[1, 1])
        assert same[0] == same[1] == obs[0]
        obs, rewards, terminated, truncated, _ = envs.step(np.float32([[0.25], [0.75]]))
        assert obs.ravel().tolist() == [0.25, 0.75] and rewards.tolist() == [0.0, 1.0]
        assert not terminated.any() and not truncated.any()
        *_, truncated, infos = envs.step(envs.action_space.sample())
        assert truncated.all() and list(infos["count"]) == [3, 3]
        # The next step resets: its action is ignored.
        obs, rewards, _, truncated, infos = envs.step(np.float32([[9], [9]]))
        assert list(infos["count"]) == [1, 1] and not truncated.any()
        assert (obs < 1).all() and not rewards.any()
    finally:
        envs.close()


def test_bad_input_an_environment_that_raises_in_post_step() -> None:
    with launched(raise_at=3) as env:
        env.reset()
        env.step([0.0])
        with pytest.raises(
            btt.RemoteEnvError, match=r"(?s)RuntimeError: the scene.*_env_post_step"
        ):
            env.step([0.0])
        # The instance has ended, with the traceback.
        launcher = env._watch.__self__
        eventually("it is seen dead", lambda: not launcher.status()[0]["running"])
        with pytest.raises(btt.LaunchError, match=r"(?s)exit code 1.*the scene is broken"):
            env.reset()


def test_bad_input_an_observation_that_cannot_travel() -> None:
    with launched(odd_at=2) as env:
        env.reset()
        with pytest.raises(btt.RemoteEnvError, match="TypeError: field 'obs' is a object"):
            env.step([0.0])


def test_bad_input_an_action_of_the_wrong_shape_or_kind() -> None:
    with launched() as env:
        env.reset()
        with pytest.raises(btt.RemoteEnvError, match=r"shape \(1,\) was expected, not \(2,\)"):
            env.step([1.0, 2.0])
        with pytest.raises(btt.RemoteEnvError, match="numbers was expected, not 'left'"):
            env.step("left")
        with pytest.raises(TypeError, match="'action' is a object"):
            env.step(object())
        *_, info = env.step([0.5])
        assert info["count"] == 2


def test_bad_input_a_peer_that_dies_in_the_middle_of_a_step() -> None:
    envs = btt.BlenderVectorEnv("", SCENE, 2)
    try:
        envs.reset(seed=1)
        victim, survivor = envs._envs
        launcher = victim._watch.__self__
        os.kill(launcher.status()[0]["pid"], signal.SIGSTOP)  # now it is in the middle
        victim.begin_step([0.0])
        os.kill(launcher.status()[0]["pid"], signal.SIGKILL)
        with pytest.raises((btt.LaunchError, ConnectionError), match=r"SIGKILL|has gone"):
            victim.finish_step()
        assert survivor.step([0.75])[1] == 1.0
    finally:
        envs.close()


def test_bad_input_a_step_that_takes_too_long() -> None:
    with launched() as env:
        env.reset()  # now Blender has started, which takes it longer than the other one waits
        launcher = env._watch.__self__
        patient = btt.RemoteEnv(launcher.launch_info.addresses["GYM"][0], timeoutms=300)
        patient.reset()
        pid = launcher.status()[0]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(btt.EnvTimeoutError, match="did not answer `step`"):
                patient.step([0.0])
        finally:
            os.kill(pid, signal.SIGCONT)
        patient.close()
        # Another one, or the same with more patience, goes on.
        assert env.reset()[1]["count"] == 1


def test_bad_input_nobody_is_there() -> None:
    env = btt.RemoteEnv("tcp://127.0.0.1:1", timeoutms=20)
    with pytest.raises(ValueError, match=r"took nothing for 0\.2 s"):
        env.reset()


def test_an_environment_is_reached_through_zeromq_too() -> None:
    # As from another host: a client of another make.
    import msgpack
    import zmq

    with launched() as env:
        address = env._watch.__self__.launch_info.addresses["GYM"][0]
        assert env.reset()[0] == 0 and env.is_direct
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.rcvtimeo = LONG_MS
            socket.connect(address)
            fields = {"cmd": "step", "action": [0.75]}
            header = {"format": 1, "kind": "data", "publisher": 1, "sequence": 0, "fields": fields}
            socket.send(msgpack.packb(header))
            answer = msgpack.unpackb(socket.recv_multipart()[0], strict_map_key=False)
            assert answer["fields"]["count"] == 2 and answer["fields"]["reward"] == 1.0
        assert env.step([0.0])[3]["count"] == 3


def test_bad_input_an_error_whose_text_is_no_unicode() -> None:
    # As of a file whose name is none, which Python's errors quote.
    agent = RemoteControlledAgent("tcp://127.0.0.1:0")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        env = btt.RemoteEnv(agent.address, timeoutms=LONG_MS)
        asked = pool.submit(env.reset)
        scene = types.SimpleNamespace(
            state=None, STATE_INIT=0, events=types.SimpleNamespace(episode=0), restart=print
        )
        agent(scene)
        agent.failed(FileNotFoundError("no file 'a\udcff.png'"))
        with pytest.raises(btt.RemoteEnvError, match=r"FileNotFoundError: no file 'a\?\.png'"):
            asked.result(LONG_MS / 1000)
        env.close()


def test_a_vector_environment_gives_each_blender_a_core_where_there_are_enough() -> None:
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        untested("a core for each Blender: there is one")
    envs = btt.BlenderVectorEnv("", SCENE, 2)
    try:
        launcher = envs._envs[0]._watch.__self__
        placed = [os.sched_getaffinity(instance["pid"]) for instance in launcher.status()]
        assert [len(each) for each in placed] == [1, 1] and placed[0] != placed[1]
        assert os.sched_getaffinity(0) == cores
    finally:
        envs.close()
