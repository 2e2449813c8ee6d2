"""Balances a pole on a cart simulated in Blender: a Gymnasium environment, and a controller.

python examples/control/cartpole.py                     # a P controller holds the pole; a GIF
python examples/control/cartpole.py --controller none   # without a force it falls
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from blendtorch import btt
from PIL import Image

HERE = Path(__file__).resolve().parent

# A force in newton from (the cart's place, the pole's place, the pole's angle).
Controller = Callable[[np.ndarray], float]


def proportional(observation: np.ndarray) -> float:
    """Pushes the cart below the pole, the harder the more the pole leans."""
    cart, pole, _ = observation
    return 30 * float(pole - cart)


CONTROLLERS: dict[str, Controller] = {"p": proportional, "none": lambda _: 0.0}


def main() -> None:
    """Runs one episode."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--controller", choices=CONTROLLERS, default="p")
    parser.add_argument("--steps", type=int, default=500, help="how many at most (default 500)")
    parser.add_argument("--seed", type=int, default=0, help="of the pole's first lean (default 0)")
    parser.add_argument(
        "--gif", type=Path, default=Path("out/control/cartpole.gif"), help="(default %(default)s)"
    )
    given = parser.parse_args()

    env = btt.BlenderEnv("", HERE / "cartpole.blend.py", render_mode="rgb_array")
    frames, steps, start = [], 0, time.monotonic()
    try:
        observation, _ = env.reset(seed=given.seed)
        over = False
        while not over and steps < given.steps:
            if steps % 4 == 0:
                frames.append(btt.colors.gamma(env.render()))
            force = CONTROLLERS[given.controller](observation)
            observation, _, terminated, truncated, _ = env.step(np.float32([force]))
            over = terminated or truncated
            steps += 1
    finally:
        env.close()
    seconds = time.monotonic() - start

    given.gif.parent.mkdir(parents=True, exist_ok=True)
    first, *others = [Image.fromarray(frame) for frame in frames]
    every_ms = round(4 * 1000 / env.metadata["render_fps"])
    first.save(given.gif, save_all=True, append_images=others, duration=every_ms, loop=0)
    end = "the pole fell" if over else "the pole stands"
    print(f"{end} after {steps} steps, {steps / seconds:.0f} steps/s; {given.gif}")


if __name__ == "__main__":
    main()
