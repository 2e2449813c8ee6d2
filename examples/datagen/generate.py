"""Generates images with several Blenders, keeps them in files, reads them again without Blender.

python examples/datagen/generate.py                                    # look at a stream
python examples/datagen/generate.py --record out/generate/run          # keep what comes
python examples/datagen/generate.py --replay out/generate/run          # train on what was kept
"""

import argparse
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from blendtorch import btt
from torch.utils.data import DataLoader

HERE = Path(__file__).parent
EXPLAINED = """
Streaming, each of W workers of torch's DataLoader is connected to every Blender and has a share of
the items; with --record each writes a file of its own, PREFIX_00.mcap, PREFIX_01.mcap, … Replaying,
the files are one dataset with a length and random access: shuffled, as often as you like, and the
training loop is the same. What is recorded is what Blender sent, before any transform, so another
transform can be tried on old images.
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=EXPLAINED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--record", metavar="PREFIX", help="also keep every item in PREFIX_*.mcap")
    way.add_argument("--replay", metavar="PREFIX", help="no Blender: read PREFIX_*.mcap, shuffled")
    parser.add_argument("--scene", default="cube", choices=["cube", "falling_cubes"])
    parser.add_argument(
        "--instances", type=int, default=2, help="Blenders that render (%(default)s)"
    )
    parser.add_argument("--items", type=int, default=128, help="of a stream, in all (%(default)s)")
    parser.add_argument("--epochs", type=int, default=1, help="passes of a replay (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=8, help="items in a batch (%(default)s)")
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="W",
        help="processes that load; 0: this one (%(default)s). --items is shared among them",
    )
    parser.add_argument("--size", type=int, nargs=2, default=[320, 240], metavar=("W", "H"))
    parser.add_argument("--start-port", type=int, default=11600, help="of the first Blender")
    parser.add_argument("--seed", type=int, help="of the first Blender; by default a random one")
    parser.add_argument("--blender", help="bpy, or a Blender program (by default what is found)")
    parser.add_argument("--out", type=Path, default=Path("out/generate"), help="for a picture")
    return parser.parse_args()


def transform(item: dict[str, Any]) -> dict[str, Any]:
    """What the training sees of an item, streamed or replayed: corners as parts of the image."""
    height, width = item["image"].shape[:2]
    xy = item["xy"] / np.array([width, height], np.float32)
    return {"image": item["image"], "xy": xy, "btid": item["btid"], "frameid": item["frameid"]}


def stream(args: argparse.Namespace) -> Iterator[dict[str, torch.Tensor]]:
    """Batches from Blenders that run as long as this is iterated."""
    width, height = map(str, args.size)
    with btt.BlenderLauncher(
        "",
        HERE / f"{args.scene}.blend.py",
        num_instances=args.instances,
        named_sockets=["DATA"],
        start_port=args.start_port,
        instance_args=[["--width", width, "--height", height]] * args.instances,
        seed=args.seed,
        background=True,
        blender=args.blender,
    ) as bl:
        dataset = btt.RemoteIterableDataset(
            bl.launch_info.addresses["DATA"],
            timeoutms=60_000,
            max_items=args.items,
            item_transform=transform,
            record_path_prefix=args.record,
        )
        yield from DataLoader(dataset, args.batch_size, num_workers=args.workers)


def replay(args: argparse.Namespace) -> Iterator[dict[str, torch.Tensor]]:
    """Batches from files, in another order each epoch."""
    dataset = btt.FileDataset(args.replay, item_transform=transform)
    print(f"{len(dataset)} items in {len(dataset.paths)} files", flush=True)
    loader = DataLoader(dataset, args.batch_size, shuffle=True, num_workers=args.workers)
    for _ in range(args.epochs):
        yield from loader


def main() -> None:
    args = arguments()
    if args.record:
        Path(args.record).parent.mkdir(parents=True, exist_ok=True)
    first: dict[str, torch.Tensor] = {}
    items, start = 0, 0.0
    try:
        for batch in replay(args) if args.replay else stream(args):
            # A training step would be here.
            if not first:
                first, start = batch, time.monotonic()
                describe(batch)
            else:
                items += len(batch["image"])
    except FileNotFoundError as error:
        sys.exit(f"generate: {error}")
    if not first:
        sys.exit("generate: nothing came: ask for more --items")
    seconds = max(time.monotonic() - start, 1e-9)
    count = items + len(first["image"])
    rate = f"; after the first batch {items / seconds:.0f} items/s" if items else ""
    print(f"{count} items {'replayed' if args.replay else 'streamed'}{rate}")
    if args.record:
        kept = btt.FileDataset(args.record)
        size = sum(Path(path).stat().st_size for path in kept.paths) / 1e6
        print(f"{len(kept)} items recorded, {size:.1f} MB: {', '.join(kept.paths)}")
        print(f"next: --replay {args.record}")
    args.out.mkdir(parents=True, exist_ok=True)
    picture = args.out / ("replayed.png" if args.replay else "streamed.png")
    write_png(picture, sheet(first["image"].numpy(), first["xy"].numpy()))
    print(f"the first batch: {picture}")


def describe(batch: dict[str, torch.Tensor]) -> None:
    for name, value in batch.items():
        print(f"  {name}: {value.dtype} {list(value.shape)}")
    sys.stdout.flush()


def sheet(images: np.ndarray, xy: np.ndarray, columns: int = 4) -> np.ndarray:
    """The images of a batch side by side, as sRGB, a white dot at each corner of the cube."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    page = np.zeros((rows * height, columns * width, 3), np.uint8)
    shown = (255 * (images / 255) ** (1 / 2.2)).astype(np.uint8)
    for number, image in enumerate(shown):
        for x, y in (xy[number] * [width, height]).astype(int):
            image[max(y - 1, 0) : max(y + 2, 0), max(x - 1, 0) : max(x + 2, 0)] = 255
        row, column = divmod(number, columns)
        page[row * height :, column * width :][:height, :width] = image
    return page


def write_png(path: Path, rgb: np.ndarray) -> None:
    """A picture of 8 bits a channel, by the PNG specification: no further package is needed."""
    height, width, _ = rgb.shape
    lines = b"".join(b"\0" + line.tobytes() for line in rgb)

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    picture = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + picture)


if __name__ == "__main__":
    main()
