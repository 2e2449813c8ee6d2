"""Replays recordings into batches of torch tensors: the original's way, and ours in Python.

    replay.py record|baseline|loader|items --prefix P [--items N]

The original's way is written anew from what it does: one pickle an item, the offsets of all in a
list, a seek and a load for each item, torch's default_collate. A line of JSON as the bench's own
roles print it.
"""

import argparse
import json
import pickle
import time
from collections.abc import Callable, Iterable


def record(prefix: str, items: int) -> None:
    import numpy as np

    offsets = []
    with open(f"{prefix}_00.pickle", "wb") as file:
        for number in range(items):
            offsets.append(file.tell())
            image = np.full((480, 640, 4), number % 256, np.uint8)
            pickle.dump({"btid": 0, "image": image, "frameid": number}, file, protocol=3)
    with open(f"{prefix}_00.offsets", "wb") as file:
        pickle.dump(offsets, file)
    print(json.dumps({"cpu": 0}))


def baseline(prefix: str) -> Iterable[dict]:
    from torch.utils.data import DataLoader, Dataset

    class Items(Dataset):
        def __init__(self):
            with open(f"{prefix}_00.offsets", "rb") as file:
                self.offsets = pickle.load(file)
            self.file = open(f"{prefix}_00.pickle", "rb")  # noqa: SIM115

        def __len__(self):
            return len(self.offsets)

        def __getitem__(self, index):
            self.file.seek(self.offsets[index])
            return pickle.load(self.file)

    return DataLoader(Items(), batch_size=8, num_workers=0)


def loader(prefix: str) -> Iterable[dict]:
    from blendtorch import btt

    return btt.DataLoader(btt.FileDataset(prefix), batch_size=8)


def items(prefix: str) -> Iterable[dict]:
    from blendtorch import btt
    from torch.utils.data import DataLoader

    return DataLoader(btt.FileDataset(prefix), batch_size=8, num_workers=0)


def measure(batches: Callable[[str], Iterable[dict]], prefix: str) -> None:
    import torch  # what imports take is not for the images

    torch.empty(1)
    batches(prefix)
    start, imported = time.perf_counter(), time.process_time()
    images = sum(len(batch["image"]) for batch in batches(prefix))
    rate = images / (time.perf_counter() - start)
    print(json.dumps({"cpu": time.process_time() - imported, "images_per_second": rate}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["record", "baseline", "loader", "items"])
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--items", type=int, default=0)
    args = parser.parse_args()
    if args.way == "record":
        record(args.prefix, args.items)
    else:
        measure({"baseline": baseline, "loader": loader, "items": items}[args.way], args.prefix)


if __name__ == "__main__":
    main()
