"""Parameters: what a script may register, and what arrives when others set them."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch.btb.parameter import Parameters
from support.control import Launcher


@pytest.mark.parametrize(
    ("default", "kept"),
    [
        (True, True),
        (3, 3),
        (np.int16(3), 3),
        (1.5, 1.5),
        (np.float32(0.5), 0.5),
        ("red", "red"),
        ([1, 2.5], [1.0, 2.5]),
        (np.arange(3), [0.0, 1.0, 2.0]),
    ],
)
def test_a_parameter_is_of_its_defaults_kind(default: Any, kept: Any) -> None:
    parameters = Parameters()
    added = parameters.add("it", default)
    assert parameters["it"] == added.value == kept
    assert type(added.value) is type(kept)
    assert (list(parameters), len(parameters), "it" in parameters) == (["it"], 1, True)


@pytest.mark.parametrize(
    ("error", "says", "default", "options"),
    [
        (ValueError, "is nan", math.nan, {}),
        (ValueError, "is inf", math.inf, {}),
        (ValueError, "64 bits", 2**63, {}),
        (ValueError, "not between 0.0 and 1.0", 2.0, {"low": 0, "high": 1}),
        (ValueError, "not between … and 1.0", [0.5, 2.0], {"high": 1}),
        (ValueError, "nothing lies between", 1.0, {"low": 2, "high": 1}),
        (ValueError, "low is nan", 1.0, {"low": math.nan}),
        (ValueError, "a str: it has no high", "red", {"high": 1}),
        (ValueError, "none of its choices", "red", {"choices": ["green"]}),
        (ValueError, "a choice of parameter 'it' is an int", "red", {"choices": ["red", 1]}),
        (ValueError, "not between", 1, {"high": 1, "choices": [1, 2]}),
        (TypeError, "must be a bool", None, {}),
        (TypeError, "must be a bool", {"a": 1}, {}),
        (TypeError, "lists hold numbers alone", [1, "2"], {}),
        (TypeError, "it is object|is object", object(), {}),
    ],
)
def test_what_is_no_parameter_is_refused(
    error: type[Exception], says: str, default: Any, options: dict[str, Any]
) -> None:
    parameters = Parameters()
    with pytest.raises(error, match=says):
        parameters.add("it", default, **options)
    assert not parameters


def test_a_name_has_one_kind() -> None:
    parameters = Parameters()
    parameters.add("light", 1.0)
    with pytest.raises(ValueError, match="a float already, and cannot become an int"):
        parameters.add("light", 1)
    with pytest.raises(KeyError, match="no parameter 'dark' is registered; there are: 'light'"):
        parameters["dark"]
    with pytest.raises(ValueError, match="must be a text"):
        parameters.add("", 1)


SCRIPT = """
from blendtorch import btb

seen = []
light = btb.parameters.add("light", 1.0, low=0, high=10, about="of the sun",
                           on_change=lambda value: seen.append([value, btb.parameters["sun"]]))
btb.parameters.add("sun", [0, 1])
btb.parameters.add("colour", "red", choices=["red", "green"])
btb.parameters.add("count", 3)

def again(high):
    new = btb.parameters.add("light", 2.0, low=0, high=high)
    return [new is light, light.value]

btb.services.register("test", seen=lambda: [seen, light.value, dict(btb.parameters)], again=again)
btb.serve()
print("done")
"""


def test_values_that_others_set_arrive_together(tmp_path: Path) -> None:
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", SCRIPT])
        launcher.until("it serves", lambda: launcher.about["services"])
        described = {"value": 1.0, "low": 0.0, "high": 10.0, "about": "of the sun"}
        assert launcher.about["parameters"]["light"] == described
        assert launcher.about["parameters"]["colour"]["choices"] == ["red", "green"]
        for values, kind in (
            ({"light": 11}, "value"),
            ({"light": "much"}, "value"),
            ({"colour": "blue"}, "value"),
            ({"count": 1.5}, "value"),
            ({"sun": [1]}, "value"),
            ({"light": 2, "dark": 1}, "unknown"),
        ):
            assert launcher.set(**values)["Err"]["kind"] == kind, values
        assert launcher.set(light=4, sun=[0.5, 2], colour="green") == {"Ok": None}
        # The values of each are there before the first function hears of its own.
        now = {"light": 4.0, "sun": [0.5, 2.0], "colour": "green", "count": 3}
        got = launcher.outcome(launcher.call("test", "seen"))
        assert got == {"Ok": [[[4.0, [0.5, 2.0]]], 4.0, now]}
        launcher.until("it says so", lambda: launcher.about["parameters"]["light"]["value"] == 4)
        # What it is already is no change.
        launcher.set(light=4.0)
        assert launcher.outcome(launcher.call("test", "seen"))["Ok"][0] == [[4.0, [0.5, 2.0]]]
        # Registered again it keeps what was set, unless that fits no more.
        assert launcher.outcome(launcher.call("test", "again", 5)) == {"Ok": [True, 4.0]}
        assert launcher.outcome(launcher.call("test", "again", 3)) == {"Ok": [True, 2.0]}
        assert launcher.set(light=4)["Err"]["kind"] == "value"
        launcher.stop()
        assert launcher.ends() == (0, "done\n")


RAISES = """
import atexit
from blendtorch import btb
def refuse(value):
    raise ValueError(f"no light of {value}")
btb.parameters.add("light", 1.0, on_change=refuse)
btb.services.register("test", ping=lambda: "pong")
input()
btb.serve()
"""


def test_what_a_change_raises_ends_the_script_and_the_launcher_hears_of_it(tmp_path: Path) -> None:
    with Launcher(tmp_path) as launcher:
        launcher.start([sys.executable, "-P", "-c", RAISES])
        launcher.until("it serves", lambda: launcher.about["services"])
        launcher.set(light=7)
        call = launcher.call("test", "ping")
        # Both are there when it begins to serve: what else is asked is still answered.
        launcher.tell("status")
        launcher.say("go on")
        assert launcher.outcome(call) == {"Ok": "pong"}
        code, said = launcher.ends()
        assert code == 1 and "no light of 7.0" in said
        assert launcher.errors and "ValueError: no light of 7.0" in launcher.errors[-1]
