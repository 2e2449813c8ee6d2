"""Takes colour, depth and normals from two Blenders and writes a picture of them.

python examples/compositor_normals_depth/compositor.py
"""

import argparse
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from blendtorch import btt
from numpy.typing import NDArray

SCRIPT = Path(__file__).with_name("compositor.blend.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/compositor"), metavar="FOLDER")
    parser.add_argument("--items", type=int, default=4, help="rows of the picture")
    parser.add_argument("--instances", type=int, default=2, help="how many Blenders")
    parser.add_argument("--start-port", type=int, default=11500)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=240)
    parser.add_argument("--samples", type=int, default=16, help="of each pixel")
    args = parser.parse_args()
    size = ["--width", args.width, "--height", args.height, "--samples", args.samples]

    with btt.BlenderLauncher(
        "",
        SCRIPT,
        num_instances=args.instances,
        named_sockets=["DATA"],
        start_port=args.start_port,
        instance_args=[[str(word) for word in size]] * args.instances,
        seed=10,
        background=True,
    ) as bl:
        dataset = btt.RemoteIterableDataset(
            bl.launch_info.addresses["DATA"], max_items=args.items, timeoutms=60_000
        )
        rows = []
        for item in dataset:
            # A training step would be here.
            depth = item["depth"][item["depth"] < 1e9]
            print(
                f"instance {item['btid']}, frame {item['frameid']}: {item['color'].shape}, "
                f"depth {depth.min():.2f} to {depth.max():.2f} m",
                flush=True,
            )
            rows.append(np.hstack([shown_color(item), shown_depth(item), shown_normals(item)]))
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "compositor.png"
    path.write_bytes(png(np.vstack(rows)))
    print(f"wrote {path}")


def shown_color(item: dict[str, Any]) -> NDArray[np.uint8]:
    """Linear light as displays want it."""
    return to_bytes(item["color"].clip(0, 1) ** (1 / 2.2))


def shown_depth(item: dict[str, Any]) -> NDArray[np.uint8]:
    """Near is bright, far is dark, nothing is black."""
    depth = item["depth"]
    near = depth.min()
    return to_bytes(np.repeat((near / depth) ** 2, 3, axis=-1))


def shown_normals(item: dict[str, Any]) -> NDArray[np.uint8]:
    """X, y and z as red, green and blue."""
    return to_bytes(item["normals"] * 0.5 + 0.5)


def to_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values * 255 + 0.5).astype(np.uint8)


def png(image: NDArray[np.uint8]) -> bytes:
    """An image H × W × 3 as a PNG file (W3C, Portable Network Graphics Specification)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    height, width, _ = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    # Each row begins with its filter: none.
    rows = np.hstack([np.zeros((height, 1), np.uint8), image.reshape(height, -1)])
    data = zlib.compress(rows.tobytes())
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


if __name__ == "__main__":
    main()
