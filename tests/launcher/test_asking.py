"""A fleet is asked how it is, and told what to do, while it streams: from the program that launched
it and by its launch info."""

from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support.fleets import launcher, written
from support.processes import eventually
from support.runtimes import Runtime
from support.streams import dataset

# Publishes what its parameters are, and how often a service of it was called.
SCENE = """
import bpy
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
light = btb.parameters.add("light", 1.0, low=0, high=10, about="how bright")
calls = []

def rename(name, times=1):
    calls.append(name)
    bpy.data.objects["Cube"].name = name * times
    return {"objects": sorted(o.name for o in bpy.data.objects if o.type == "MESH")}

def fail():
    raise ValueError("the cube is round")

btb.services.register("scene", rename=rename, fail=fail)
anim = btb.AnimationController()
anim.post_frame.add(lambda: pub.publish(light=light.value, calls=len(calls), episode=anim.episode))
anim.play((1, 4))
pub.publish(light=light.value, calls=len(calls), episode=-1)
pub.close()
"""


def _state(fleet: btt.Fleet, index: int) -> str:
    return str(fleet.status(counters=False)["instances"][index]["state"])


def _light(fleet: btt.Fleet, index: int) -> float:
    about = fleet.status(counters=False)["instances"][index]["about"]
    return float(about["parameters"]["light"]["value"])


def _samples(instance: dict[str, Any]) -> int:
    """How many it has counted, if it answers at once."""
    return int((instance["counters"] or {"samples": 0})["samples"])


def test_a_fleet_is_asked_and_told(runtime: Runtime, tmp_path: Path) -> None:
    script = written(tmp_path, SCENE)
    # Whatever the policy, who is told to end stays ended.
    options = {"num_instances": 2, "named_sockets": ["DATA"], "restart": "always"}
    with launcher(script, runtime, **options) as bl:
        items = iter(dataset(*bl.launch_info.addresses["DATA"]))
        seen: dict[int, float] = {}
        while len(seen) < 2:
            item = next(items)
            seen[item["btid"]] = item["light"]
        assert seen == {0: 1.0, 1: 1.0}

        info = tmp_path / "info.json"
        btt.LaunchInfo.save_json(info, bl.launch_info)
        fleet = btt.Fleet(info)
        # A sample may have come before it was counted.
        eventually("all count", lambda: all(_samples(one) for one in fleet.status()["instances"]))
        status = fleet.status()
        assert (status["restart"], status["min_instances"]) == ("always", 1)
        for index, one in enumerate(status["instances"]):
            about = one["about"]
            assert (one["index"], one["life"], one["mode"]) == (index, 1, "running")
            assert about["runtime"] == runtime.name and about["blender"][:1] in "345"
            assert about["services"] == {"scene": ["rename", "fail"]}
            assert about["parameters"]["light"]["high"] == 10
            counters = one["counters"]
            assert counters["samples"] > 0 and counters["memory"] > 1 << 20
            assert counters["evaluate_s"] > 0

        fleet.set(light=3.5)
        fleet.set([1], light=7)
        while seen != {0: 3.5, 1: 7.0}:
            item = next(items)
            seen[item["btid"]] = item["light"]
        # Its launcher hears so on another way than the item came.
        eventually("it says so", lambda: _light(bl.fleet, 1) == 7)

        # Also while all its queues are full, and this thread, which does not take, asks.
        eventually("it waits", lambda: _state(fleet, 1) == "waiting_for_consumer")
        assert fleet.call("scene", "rename", instance=1, name="ab", times=2) == {
            "objects": ["abab"]
        }
        while (item := next(items))["btid"] != 1 or item["calls"] != 1:
            assert item["calls"] <= item["btid"]

        for act, error, says in [
            (lambda: fleet.set(dark=1), KeyError, "there is no parameter 'dark'.*light"),
            (lambda: fleet.set(light="much"), ValueError, "instance 0.*'light': it is a number"),
            (lambda: fleet.set(light=11), ValueError, "between 0 and 10"),
            (lambda: fleet.set(light=float("nan")), ValueError, "cannot travel"),
            (lambda: fleet.call("render", "frame"), KeyError, "no service 'render'.*scene"),
            (lambda: fleet.call("scene", "open"), KeyError, "no function 'open'"),
            (lambda: fleet.call("scene", "rename", instance=7), KeyError, "no such instance"),
            (lambda: fleet.call("scene", "fail"), RuntimeError, "the cube is round"),
            (lambda: fleet.call("scene", "rename", size=3), ValueError, "it takes .name, times=1"),
        ]:
            with pytest.raises(error, match=f"(?s){says}"):
                act()

        # Each ends after its episode, and what follows `play` in its script is done.
        fleet.stop(why="enough")
        last = {}
        for item in items:
            if item["episode"] == -1:
                last[item["btid"]] = item["light"]
        assert last == {0: 3.5, 1: 7.0}
        assert bl.wait() == [0, 0]
        eventually("both have ended", lambda: not any(s["running"] for s in bl.status()))
        assert [one["mode"] for one in fleet.status()["instances"]] == ["ended", "ended"]
    with pytest.raises(ConnectionError):
        fleet.status()
