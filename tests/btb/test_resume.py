"""Where a script goes on after its instance was restarted: episodes, seeds, and play calls.

The launcher's part is the page of memory alone, which outlives each life.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from blendtorch import _blendtorch
from support.control import MESSAGES, RESUME, Launcher, Page
from support.runtimes import Runtime

BTID, SEED = 2, 7

# Plays several times; it writes which episode each is, and is lost in the one that is named.
SCRIPT = """
import os, random, signal
log, lost = sys.argv[sys.argv.index("--") + 1:][-2:]
lost = json.loads(lost)

def say(*words):
    with open(log, "a") as file:
        print(json.dumps(words), file=file)

anims = [btb.AnimationController() for _ in range(2)]

def play(number, anim, episodes, frame_range=None):
    def lose():
        if [number, anim.episode, anim.index] == lost:
            os.kill(os.getpid(), signal.SIGKILL)
    calls = [
        (anim.pre_play, lambda: say(number, "pre_play")),
        (anim.pre_animation,
         lambda: say(number, anim.episode, int(anim.episode_seed), random.random())),
        (anim.post_frame, lose),
        (anim.post_play, lambda: say(number, "post_play")),
    ]
    for event, function in calls: event.add(function)
    anim.play(frame_range, num_episodes=episodes)
    for event, function in calls: event.remove(function)

args, _ = btb.parse_blendtorch_args()
say("begin", args.btseed, random.random())
play(0, anims[0], 2, (3, 4))
play(1, anims[1], 3)
play(2, anims[0], 1)
say("end", bpy.context.scene.frame_end)
"""


class Lives:
    """One instance, life after life."""

    def __init__(self, runtime: Runtime, folder: Path, launcher: Launcher, page: Page) -> None:
        self.runtime, self.folder, self.launcher, self.page = runtime, folder, launcher, page
        self.log = folder / "log"

    def live(self, lost: list[int] | None = None) -> list[list[Any]]:
        """What the next life says of itself, which ends in that play, episode and frame."""
        self.log.write_text("")
        words = ["-btid", str(BTID), "-btseed", str(SEED), str(self.log), json.dumps(lost)]
        command = self.runtime.script_command(self.folder, SCRIPT, *words)
        self.launcher.start(command, self.runtime.environment())
        code, said = self.launcher.ends()
        assert code == (-signal.SIGKILL if lost else 0), said
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def episodes(said: list[list[Any]]) -> list[list[Any]]:
    return [words[:2] for words in said if len(words) == 4]


def test_a_restarted_instance_goes_on_behind_the_episode_that_it_was_lost_with(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        lives = Lives(bpy_runtime, tmp_path, launcher, page)
        first = lives.live([1, 0, 1])
        begin = first[0]
        assert begin[:2] == ["begin", SEED]
        assert episodes(first) == [[0, 0], [0, 1], [1, 0]]
        assert page.resume == [0, 1, 1, 1]
        second = lives.live([1, 2, 0])
        # What is drawn before its first episode is what it was: its scene is made of that.
        assert second[0] == begin
        # The play that is over says nothing, the one that goes on begins as every process does.
        assert [words[:2] for words in second[1:]] == [[1, "pre_play"], [1, 1], [1, 2]]
        assert page.resume == [0, 1, 3, 3]
        third = lives.live()
        # Nothing is left of it: its last episode is lost.
        assert third[0] == begin
        assert [words[:2] for words in third[1:-1]] == [[2, "pre_play"], [2, 0], [2, "post_play"]]
        # The range that the first play gave the scene is there.
        assert third[-1] == ["end", 4]
        assert page.resume == [0, 3, 0, 0]
        # A whole run of its own has the same numbers and the same seeds.
        for word in RESUME:
            page[word] = 0
        launcher.life = 0
        whole = lives.live()
        assert whole[0] == begin and whole[-1] == third[-1]
        lived = [words for said in (first, second, third) for words in said if len(words) == 4]
        assert lived == [words for words in whole if len(words) == 4]
        # And another run goes on with episodes that the first has not had.
        for word, value in zip(RESUME, (3, 0, 3, 0), strict=True):
            page[word] = value
        another = lives.live([2, 3, 0])
        assert another[0] == begin
        assert episodes(another) == [[0, 3], [0, 4], [1, 3], [1, 4], [1, 5], [2, 3]]
        assert page.resume == [3, 2, 4, 1]
        assert [words[:2] for words in lives.live()][1:] == [["end", 4]], "nothing is left"
    page.close()


def test_an_instance_of_the_program_goes_on_too(blender_runtime: Runtime, tmp_path: Path) -> None:
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        lives = Lives(blender_runtime, tmp_path, launcher, page)
        lives.live([0, 0, 1])
        assert episodes(lives.live()) == [[0, 1], [1, 0], [1, 1], [1, 2], [2, 0]]
    page.close()


ENV = """
import os, signal
class Env(btb.BaseEnv):
    def _env_reset(self):
        begun.append([self.events.episode, int(self.events.sample_seed)])
    def _env_prepare_step(self, action): pass
    def _env_post_step(self): return dict(obs=0, reward=0.0)

class Enough(Exception): pass

def agent(env, **_):
    if len(begun) == 3:
        if "lost" in sys.argv: os.kill(os.getpid(), signal.SIGKILL)
        raise Enough
    return env.CMD_RESTART, None

begun = []
try: Env(agent).run((1, 5))
except Enough: report(begun=begun)
"""


def test_episodes_of_an_environment_go_on(bpy_runtime: Runtime, tmp_path: Path) -> None:
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        for words in (["lost"], []):
            command = bpy_runtime.script_command(tmp_path, ENV, *words)
            launcher.start(command, bpy_runtime.environment())
            if words:
                assert launcher.ends()[0] == -signal.SIGKILL
                # An episode that was cut short is none of those that were asked for.
                assert page.resume == [0, 0, 3, 1]
        begun = launcher.reported()["begun"]
    assert [episode for episode, _ in begun] == [3, 4, 5]
    page.close()


SEEDS = """
import random, sys
from blendtorch import btb
args, rest = btb.parse_blendtorch_args()
print(args.btid, args.btseed, rest, random.random())
"""


@pytest.mark.parametrize("words", [["-btseed", str(SEED), "-btid", str(BTID)], ["-btid", "1"]])
def test_a_script_without_episodes_begins_with_other_numbers_once_it_has_published(
    words: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SEEDS)
    said = []
    page = Page()
    with Launcher(tmp_path, page) as launcher:
        for published in (0, 1, 0):
            launcher.start([sys.executable, "-P", script, "--", *words, "more"])
            code, line = launcher.ends()
            assert code == 0, line
            said.append(line.split())
            page[MESSAGES] = published  # as a publisher of its would have written
    seeds = [line[1] for line in said]
    if "-btseed" in words:
        # Before the second life nothing was published that could come again.
        assert seeds == [str(SEED), str(SEED), str(_blendtorch.life_seed(SEED, BTID, 3))]
    else:
        assert seeds == ["None"] * 3
    assert len({line[-1] for line in said}) == (2 if "-btseed" in words else 3)
    assert all(line[2] == "['more']" for line in said)
    page.close()
