"""Environments of all spaces, and the ways in which an episode ends."""

import gymnasium
import pytest
from blendtorch import btt
from gymnasium.utils.env_checker import check_env
from support import SCENES

SCENE = SCENES / "spaces_env.blend.py"


@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
@pytest.mark.parametrize("kind", ["discrete", "multi", "nested"])
def test_conformance_23_gymnasium_s_own_check_passes_for_all_spaces(kind: str) -> None:
    env = btt.BlenderEnv("", SCENE, kind=kind)
    try:
        check_env(env, skip_render_check=True)
        # Neither a ragged action nor none of the space ends the instance.
        for wrong in ([[1, 2], [3]], "left", [9, 9, 9]):
            with pytest.raises(btt.RemoteEnvError, match=r"expected|from 0 to") as caught:
                env.step(wrong)
            assert caught.value.goes_on
        assert env.observation_space.contains(env.step(env.action_space.sample())[0])
    finally:
        env.close()
        env.close()
    with pytest.raises(OSError, match="closed"):
        env.step(env.action_space.sample())


@pytest.mark.parametrize(
    ("ends", "last", "terminated", "truncated"),
    [
        ("done", 10, True, False),
        ("terminated", 10, True, False),
        ("truncated", 10, False, True),
        (None, 3, False, True),
        # The scene says that it ended on the very last frame: both are so.
        ("done", 3, True, True),
        ("terminated", 3, True, True),
    ],
)
def test_conformance_23_how_an_episode_ends(
    ends: str | None, last: int, terminated: bool, truncated: bool
) -> None:
    arguments = {"last": last} | ({"ends": ends} if ends else {})
    env = btt.BlenderEnv("", SCENE, **arguments)
    try:
        for _ in range(2):
            env.reset()
            assert env.step(0)[2:4] == (False, False)
            assert env.step(0)[2:4] == (terminated, truncated)
    finally:
        env.close()
    with btt.launch_env("", SCENE, background=True, **arguments) as remote:
        remote.reset()
        assert [remote.step(0)[2] for _ in range(2)] == [False, True]


def test_conformance_23_gymnasium_makes_a_registered_environment() -> None:
    gymnasium.register(
        id="blendtorch-tests/Spaces-v0",
        entry_point="blendtorch.btt:BlenderEnv",
        vector_entry_point="blendtorch.btt:BlenderVectorEnv",
        kwargs={"scene": "", "script": SCENE, "kind": "nested"},
    )
    try:
        env = gymnasium.wrappers.FlattenObservation(gymnasium.make("blendtorch-tests/Spaces-v0"))
        try:
            obs, _ = env.reset(seed=1)
            assert env.observation_space.contains(obs)
            env.step(env.action_space.sample())
        finally:
            env.close()
        envs = gymnasium.make_vec(
            "blendtorch-tests/Spaces-v0", num_envs=2, vectorization_mode="vector_entry_point"
        )
        try:
            obs, _ = envs.reset(seed=3)
            assert envs.observation_space.contains(obs)
            assert envs.step(envs.action_space.sample())[1].tolist() == [1.0, 1.0]
        finally:
            envs.close()
    finally:
        del gymnasium.registry["blendtorch-tests/Spaces-v0"]
