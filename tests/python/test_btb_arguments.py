"""The command line as scene scripts see it. Cases of its grammar: `btb/src/args.rs`."""

import pytest
from blendtorch import btb

LINE = "blender -b --python s.py -- -btid 2 -btseed 7 -btsockets DATA=tcp://h:1 C=ipc:///a=b -n 3"


def test_errors_are_value_errors_that_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="-btid needs a whole number"):
        btb.parse_blendtorch_args(["--", "-btid", "x"])


def test_a_missing_socket_is_explained() -> None:
    args, _ = btb.parse_blendtorch_args(LINE.split())
    with pytest.raises(KeyError, match=r"no socket named 'IMG'.*there: DATA, C"):
        args.btsockets["IMG"]


def test_seeds_are_those_of_the_core() -> None:
    seed = btb.episode_seed(42, 3, 7)
    assert seed != btb.episode_seed(42, 3, 8)
    assert btb.sample_seed(seed, 0) != btb.sample_seed(seed, 1)
    assert 0 <= btb.episode_seed(-1, 0, 0) < 2**64
