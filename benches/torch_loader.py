"""A consumer of ours in Python: `btt.DataLoader` giving torch tensors.

torch_loader.py --addresses A...
"""

import argparse
import json
import time

from blendtorch import btt


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--addresses", nargs="+")
    args = parser.parse_args()
    dataset = btt.RemoteIterableDataset(args.addresses, timeoutms=60_000, max_items=1 << 40)
    loader = btt.DataLoader(dataset, batch_size=8)
    batches = iter(loader)
    next(batches)
    # What imports take is not for the images.
    start, imported = time.perf_counter(), time.process_time()
    images = sum(len(batch["image"]) for batch in batches)
    rate = images / (time.perf_counter() - start)
    assert loader.stats()["missing"] == 0
    print(json.dumps({"cpu": time.process_time() - imported, "images_per_second": rate}))


if __name__ == "__main__":
    main()
