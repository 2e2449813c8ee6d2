"""Renders an animation by VisionSim's own client, with frames, depths, normals, flows,
segmentations and the previews that it makes unless told not to.

    python render.py FILE.blend OUT --jobs 2 --frames 100

To be run in VisionSim's environment (scripts/requirements/peers-visionsim.txt), as its users would:
what is left out keeps its default.
"""

import argparse
import json
import sys
from pathlib import Path

from visionsim.simulate.blender import BlenderClients

AS_BLENDER = Path(__file__).resolve().parent / "as_blender.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("blend", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--timeout", type=float, default=-1.0, help="as its `spawn` takes it")
    parser.add_argument("--no-previews", action="store_true")
    opts = parser.parse_args()
    executable = f"{sys.executable} {AS_BLENDER}"
    logs = opts.out.parent / f"{opts.out.name}.logs"
    with BlenderClients.spawn(
        jobs=opts.jobs, timeout=opts.timeout, log_dir=logs, executable=executable
    ) as clients:
        clients.initialize(opts.blend.resolve(), opts.out.resolve())
        debug = not opts.no_previews
        clients.include_depths(debug=debug)
        clients.include_normals(debug=debug)
        clients.include_flows(debug=debug)
        clients.include_segmentations(debug=debug)
        transforms = clients.render_animation(frame_start=1, frame_end=opts.frames)
        (opts.out / "transforms.json").write_text(json.dumps(transforms, indent=2))


if __name__ == "__main__":
    main()
