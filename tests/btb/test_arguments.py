"""Statement 4 of the contract: the command line as scene scripts see it. Cases of its grammar:
`btb/src/args.rs`."""

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


def test_conformance_4_the_launchers_arguments_and_the_remainder() -> None:
    args, remainder = btb.parse_blendtorch_args(LINE.split())
    assert (args.btid, args.btseed) == (2, 7)
    assert isinstance(args.btsockets, dict) and list(args.btsockets) == ["DATA", "C"]
    assert args.btsockets["DATA"] == "tcp://h:1"
    assert remainder == ["-n", "3"]


def test_conformance_4_an_equals_sign_in_an_address_survives() -> None:
    assert btb.parse_blendtorch_args(LINE.split())[0].btsockets["C"] == "ipc:///a=b"


def test_conformance_4_sys_argv_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", LINE.split())
    assert btb.parse_blendtorch_args()[0].btid == 2


def test_conformance_4_no_separator_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match=r"no `--`.*-- -btid"):
        btb.parse_blendtorch_args(["blender", "-b"])


def test_conformance_4_missing_sockets_are_an_empty_dict() -> None:
    args, remainder = btb.parse_blendtorch_args(["--", "-btid", "1"])
    assert (args.btsockets, args.btseed, remainder) == ({}, None, [])


def test_conformance_4_positional_arguments_survive() -> None:
    line = "-- first -btid 1 -btsockets A=tcp://h:1 lr=0.1 second --flag third"
    args, remainder = btb.parse_blendtorch_args(line.split())
    assert args.btsockets == {"A": "tcp://h:1"}
    assert remainder == ["first", "lr=0.1", "second", "--flag", "third"]
