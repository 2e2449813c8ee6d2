"""EEVEE without a graphics card: the first picture of a process, and later ones.

    eevee.py --out eevee.json [--blender PYTHON] [--rounds 5]

Processor time of pictures of 640 x 480 with 1 sample, each with another colour of the world: by a
process for which Mesa keeps no shaders (once), and by processes that find them, with the world's
light in a map as large as Blender has it and in ours, in turns. Rows go to OUT, as those of
`fleet.py`. Where a graphics card draws it says nothing of interest.
"""

import argparse
import json
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import blender_scripts
from fleet_rows import Row
from networks_rows import row


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--blender", type=Path, help="a Python that has bpy; else the managed one")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def pictures(blender: Path, *options: str, **environment: str) -> list[float]:
    """Processor seconds of each picture of a new process."""
    seconds: list[float] = blender_scripts.run(blender, "eevee.blend.py", *options, **environment)
    return seconds


def measure(blender: Path, rounds: int) -> list[Row]:
    with TemporaryDirectory() as folder:
        kept = {"MESA_SHADER_CACHE_DIR": folder}
        nothing = pictures(blender, "--large", **kept)  # It leaves what the others find.
        large, ours = [], []
        for _ in range(rounds):
            large.append(pictures(blender, "--large", **kept))
            ours.append(pictures(blender, **kept))
    first = [one[0] for one in ours]
    return [
        row(
            "first picture: shaders kept, our map (nothing kept, Blender's map)",
            "s",
            first,
            [nothing[0]] * rounds,
            times_at_most=0.3,
        ),
        row(
            "first picture, shaders kept: our map (Blender's map)",
            "s",
            first,
            [one[0] for one in large],
        ),
        row(
            "later pictures, another world each: our map (Blender's map)",
            "s",
            [statistics.median(one[1:]) for one in ours],
            [statistics.median(one[1:]) for one in large],
        ),
    ]


def main() -> None:
    opts = options()
    blender = opts.blender or blender_scripts.managed()
    rows = measure(blender, opts.rounds)
    for one in rows:
        values, baseline = (statistics.median(one[key]) for key in ("values", "baseline"))
        print(f"{one['name']}: {values:.2f} s ({baseline:.2f} s), {values / baseline:.2f}")
    opts.out.parent.mkdir(parents=True, exist_ok=True)
    opts.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
