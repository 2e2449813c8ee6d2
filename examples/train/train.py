"""Trains a small network while Blender renders: it learns to see where a cube's corners are.

python examples/train/train.py --seconds 60

Two Blender processes publish images of a cube with the pixels of its corners; the network learns
from the stream as it comes. The first images are kept apart, to compare with at the end.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from blendtorch import btt
from network import CornerNet, normalised
from torch import nn

HELD_OUT = 128


def train(addresses: list[str], seconds: float, batches: int, rate: float = 2e-3) -> None:
    torch.manual_seed(1)
    # A Blender may take a while to start; and the iteration has no end of its own.
    dataset = btt.RemoteIterableDataset(addresses, timeoutms=60_000, max_items=10**9)
    loader = btt.DataLoader(dataset, batch_size=16)
    held: list[tuple[torch.Tensor, torch.Tensor]] = []
    start = told = 0.0
    count, learned, mean = 0, 0, math.nan
    for batch in loader:
        images, targets = normalised(batch)
        start, count = start or time.monotonic(), count + len(images)
        if sum(len(part) for part, _ in held) < HELD_OUT:
            held.append((images, targets))
            continue
        if math.isnan(mean):
            net = CornerNet(images.shape[3], targets.shape[1])
            optimizer = torch.optim.Adam(net.parameters(), rate)
        elapsed = time.monotonic() - start
        done = min(elapsed / seconds, learned / batches if batches else 1, 1)
        fall = min(done / 0.05, 1) * (1 + math.cos(math.pi * done)) / 2
        optimizer.param_groups[0]["lr"] = rate * max(fall, 0.01)
        loss = nn.functional.mse_loss(net(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        learned += 1
        mean = loss.item() if math.isnan(mean) else 0.95 * mean + 0.05 * loss.item()
        if elapsed - told >= 2:
            told = elapsed
            print(f"{elapsed:3.0f} s, {count / elapsed:.0f} images/s, loss {mean:.6f}", flush=True)
        if elapsed >= seconds and learned >= batches:
            break
    if math.isnan(mean):
        raise SystemExit(f"{count} images came, and {HELD_OUT} are held out: give more --seconds")
    images, targets = (torch.cat(parts) for parts in zip(*held, strict=True))
    with torch.no_grad():
        heldout = nn.functional.mse_loss(net(images), targets).item()
    constant = (targets - targets.mean(0)).square().mean().item()
    print(f"held-out loss {heldout:.6f}; best constant guess {constant:.6f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--launch", type=Path, default=Path(__file__).parent / "launch.json")
    parser.add_argument("--seconds", type=float, default=60, help="from the first image on")
    parser.add_argument("--batches", type=int, default=0, help="so many at least, in any time")
    args = parser.parse_args()
    launch = json.loads(args.launch.read_text())
    launch["script"] = args.launch.parent / launch["script"]
    launch.setdefault("scene", None)
    # More threads than free cores would wait for each other at every step.
    torch.set_num_threads(max((torch.get_num_threads()) - launch.get("num_instances", 1), 1))
    with btt.BlenderLauncher(**launch) as bl:
        train(bl.launch_info.addresses["DATA"], args.seconds, args.batches)


if __name__ == "__main__":
    main()
