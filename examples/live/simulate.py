"""A network that two Blenders draw while it is simulated.

    python examples/network/build.py out/network
    python examples/live/simulate.py out/network/config.json --out out/live

Each Blender sees it from another side. Their pictures come back as a stream, as for training, and
the newest of each lies in the folder. With `--wait` the simulation waits for them, so that each
interval is a picture.
"""

import argparse
import json
import threading
from pathlib import Path

from blendtorch import btt
from blendtorch.simulate import Simulation
from PIL import Image

LOOK = {
    "show": {"as": "decay", "tau_ms": 8.0},
    "populations": {"cortex": {"radius": 9.0, "color": "#ffb030"}},
    "camera": {"elevation": 35, "azimuth": -60},
    "resolution": "320x240",
    "engine": "plot",
    "light": False,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/live"))
    parser.add_argument("--ms", type=float, default=100.0, help="simulate so long")
    parser.add_argument("--every", type=float, default=2.0, help="an interval, in ms")
    parser.add_argument("--wait", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    here = Path(__file__).parent
    launch = json.loads((here / "launch.json").read_text())
    launch |= {"script": here / launch["script"], "scene": None}
    with btt.BlenderLauncher(**launch) as launcher:
        addresses = launcher.launch_info.addresses
        simulation = Simulation(args.config, changed={"run.tstop": args.ms})
        simulation.publish(
            addresses["ACTIVITY"],
            every=args.every,
            policy="slow" if args.wait else "drop",
            description=LOOK,
            await_viewers=120.0,
        )
        running = threading.Thread(target=lambda: (simulation.run(), simulation.finish()))
        running.start()
        pictures, intervals, spikes = [0, 0], [0, 0], [0, 0]
        for item in btt.RemoteIterableDataset(addresses["DATA"], max_items=1_000_000):
            # A training step would be here.
            at = item["btid"]
            pictures[at] += 1
            intervals[at] += item["intervals"]
            spikes[at] += sum(item["spikes"].values())
            Image.fromarray(item["image"]).save(args.out / f"blender_{at}.png")
        running.join()
    for at in (0, 1):
        print(f"blender {at}: {pictures[at]} pictures of {intervals[at]} intervals, "
              f"{spikes[at]} spikes")  # fmt: skip


if __name__ == "__main__":
    main()
