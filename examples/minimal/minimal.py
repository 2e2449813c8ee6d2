"""The smallest consumer: connects to running publishers, shows what comes and how fast.

blendtorch-launch launch.json &
python examples/minimal/minimal.py
"""

import argparse
import time

from blendtorch import btt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("addresses", nargs="*", help="by default those of the launch info")
    parser.add_argument("--launch-info", default="launch_info.json", metavar="FILE")
    parser.add_argument("--items", type=int, default=100000, help="end after so many")
    args = parser.parse_args()
    addresses = args.addresses or btt.LaunchInfo.load_json(args.launch_info).addresses["DATA"]

    print("connecting to", ", ".join(addresses))
    dataset = btt.RemoteIterableDataset(addresses, max_items=args.items)
    count, then, counted = 0, time.monotonic(), 0
    for item in dataset:
        if count == 0:
            for name, value in item.items():
                print(f"  {name}:", getattr(value, "shape", value), getattr(value, "dtype", ""))
        count += 1
        # A training step would be here.
        if (now := time.monotonic()) - then >= 1:
            print(f"{count} items, {(count - counted) / (now - then):.0f} items/s")
            then, counted = now, count
    stats = dataset.stats()
    print(f"the stream has ended: {count} items, {stats['missing']} missing")


if __name__ == "__main__":
    main()
