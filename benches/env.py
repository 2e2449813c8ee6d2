"""Steps of an environment in Blender, one way of reaching it; prints one line of JSON.

python benches/env.py --way original|direct|vector [--instances N] [--images]
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from blendtorch import btt

SCENE = Path(__file__).resolve().parent / "env.blend.py"
WARM_UP = 300


class OriginalEnv:
    """The original's client: pyzmq and pickle, REQ over tcp."""

    def __init__(self, address: str) -> None:
        import zmq

        self.socket = zmq.Context().socket(zmq.REQ)
        self.socket.linger = 0
        self.socket.connect(address)

    def reset(self) -> Any:
        """Begins an episode."""
        return self._ask(cmd="reset")

    def step(self, action: Any) -> Any:
        """One step."""
        return self._ask(cmd="step", action=action)

    def close(self) -> None:
        """Leaves."""
        self.socket.close()

    def _ask(self, **command: Any) -> Any:
        self.socket.send_pyobj(command)
        return self.socket.recv_pyobj()


def timed(step: Any, count: int) -> dict[str, float]:
    """Steps a second, and microseconds of one call."""
    for _ in range(WARM_UP):
        step()
    spent = []
    start = time.perf_counter()
    for _ in range(count):
        before = time.perf_counter()
        step()
        spent.append(time.perf_counter() - before)
    per_second = count / (time.perf_counter() - start)
    return {
        "steps_per_second": per_second,
        "p50_us": statistics.median(spent) * 1e6,
        "p99_us": statistics.quantiles(spent, n=100)[98] * 1e6,
    }


def one(way: str, images: bool, count: int) -> dict[str, float]:
    """One environment, by the original's verbs."""
    import zmq

    packages = str(Path(zmq.__file__).resolve().parents[1])
    arguments = ["--images"] if images else []
    if way == "original":
        arguments += ["--original", packages]
    launcher = btt.BlenderLauncher(
        "",
        SCENE,
        named_sockets=["GYM"],
        start_port=free_port(),
        instance_args=[arguments],
        background=True,
    )
    with launcher as bl:
        address = bl.launch_info.addresses["GYM"][0]
        env = OriginalEnv(address) if way == "original" else btt.RemoteEnv(address)
        env.reset()
        action = [0.25]

        def step() -> None:
            answer = env.step(action)
            if answer["done"] if isinstance(answer, dict) else answer[2]:
                env.reset()

        measured = timed(step, count)
        env.close()
    return measured


def vector(instances: int, images: bool, count: int) -> dict[str, float]:
    """A vector environment."""
    envs = btt.BlenderVectorEnv("", SCENE, instances, images=images)
    try:
        envs.reset()
        actions = np.full((instances, 1), 0.25)
        measured = timed(lambda: envs.step(actions), count)
    finally:
        envs.close()
    measured["steps_per_second"] *= instances
    return measured


def free_port() -> int:
    """A port that was free a moment ago."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Measures one case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=["original", "direct", "vector"], required=True)
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--steps", type=int, default=10_000)
    given = parser.parse_args()
    if given.way == "vector":
        measured = vector(given.instances, given.images, given.steps)
    else:
        measured = one(given.way, given.images, given.steps)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
