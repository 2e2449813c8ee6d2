"""Trains on several processes, or GPUs, that share one fleet of Blenders.

python -m torch.distributed.run --standalone --nproc-per-node 2 examples/ddp/train.py

Rank 0 launches the fleet and tells the others where it publishes; each item goes to one rank.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import torch
import torch.distributed as dist
from blendtorch import btt
from lockstep import Batch, Lockstep, gathered
from torch import nn
from torch.nn.parallel import DistributedDataParallel

TRAIN = Path(__file__).parents[1] / "train"
sys.path.append(str(TRAIN))
from network import CornerNet, normalised  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--launch", type=Path, default=TRAIN / "launch.json", help="(%(default)s)")
    parser.add_argument("--launch-info", metavar="FILE", help="of a fleet that runs already")
    parser.add_argument(
        "--batches", type=int, default=300, help="a rank; 0: until the streams end (%(default)s)"
    )
    parser.add_argument("--batch-size", type=int, default=16, help="a rank's (%(default)s)")
    parser.add_argument(
        "--held-out", type=int, default=128, help="images to compare with (%(default)s)"
    )
    parser.add_argument(
        "--timeout", type=float, default=60, help="seconds of silence that are an error"
    )
    args = parser.parse_args()
    if "RANK" not in os.environ:
        parser.error("torch starts the ranks: python -m torch.distributed.run (see --help)")
    return args


def main() -> None:
    args = arguments()
    local_rank, local_ranks = (int(os.environ[f"LOCAL_{n}"]) for n in ("RANK", "WORLD_SIZE"))
    cuda = torch.cuda.device_count() >= local_ranks
    device = torch.device("cuda", local_rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    # What ranks tell each other is in ordinary memory, so that no GPU is waited for.
    dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
    try:
        with ExitStack() as stack:
            training = Training(shared(args, stack), device, args.batch_size, args.held_out)
            training.run(args.batches)
            whole = training.report()
        # Who ends with an error has the others ended by torch's launcher: the fleet is gone before.
        training.steps.check(whole)
        if not training.taken:
            raise SystemExit("nothing was left to train on: more images than --held-out are needed")
    finally:
        dist.destroy_process_group()


def shared(args: argparse.Namespace, stack: ExitStack) -> btt.RemoteIterableDataset:
    """This rank's dataset, as rank 0 has made it: what all ranks are to agree on is written once.
    On every rank of this host it asks the launcher of its addresses which processes are behind
    them: one that is gone is not waited for."""
    told: list[btt.RemoteIterableDataset | None] = [None]
    if dist.get_rank() == 0:
        told[0] = btt.RemoteIterableDataset(
            addresses(args, stack), timeoutms=args.timeout * 1000, max_items=10**9
        )
    dist.broadcast_object_list(told)
    assert told[0] is not None
    return told[0]


def addresses(args: argparse.Namespace, stack: ExitStack) -> list[str]:
    """Where the fleet publishes, which is launched here unless it runs already."""
    if args.launch_info:
        return btt.LaunchInfo.load_json(args.launch_info).addresses["DATA"]
    launch = json.loads(args.launch.read_text())
    launch["script"] = args.launch.parent / launch["script"]
    launch.setdefault("scene", None)
    launcher = stack.enter_context(btt.BlenderLauncher(**launch))
    return launcher.launch_info.addresses["DATA"]


class Training:
    """A rank's part in the training of one network. Rank 0 keeps its first images apart."""

    def __init__(
        self,
        dataset: btt.RemoteIterableDataset,
        device: torch.device,
        batch_size: int,
        held_out: int,
    ) -> None:
        """Opens the stream."""
        self.dataset, self.device = dataset, device
        self.batches = iter(btt.DataLoader(dataset, batch_size=batch_size))
        self.held: list[Batch] = []
        own = self._behind(held_out) if dist.get_rank() == 0 else self.batches
        self.steps, self.taken = Lockstep(own), 0
        self.net: CornerNet | None = None
        self.before = 0.0

    def _behind(self, held_out: int) -> Iterator[Batch]:
        """The batches behind those that are held out."""
        for batch in self.batches:
            if sum(len(one["btid"]) for one in self.held) < held_out:
                self.held.append(batch)
            else:
                yield batch

    def run(self, batches: int) -> None:
        """Trains for so many batches, or until nobody has one any more."""
        for batch, items in self.steps:
            if self.net is None:
                self._begin(batch)
            self._step(batch, items)
            self.taken += 1
            if self.taken == batches:
                break
        self.batches.close()

    def _begin(self, batch: Batch | None) -> None:
        """Makes the network for what all ranks are to have: one without a batch hears it."""
        sizes = gathered(batch and (batch["image"].shape[3], batch["xy"].shape[1]))
        self.channels, self.points = next(filter(None, sizes))
        torch.manual_seed(1)
        self.net = CornerNet(self.channels, self.points).to(self.device)
        self.before = self.heldout_loss()
        devices = [self.device] if self.device.type == "cuda" else None
        self.model = DistributedDataParallel(self.net, device_ids=devices)
        self.optimizer = torch.optim.Adam(self.net.parameters(), 2e-3)

    def _step(self, batch: Batch | None, items: int) -> None:
        if batch is None:
            # Nothing to learn from, but a part in what all ranks do together.
            images = torch.empty(0, 8, 8, self.channels, dtype=torch.uint8)
            targets = torch.empty(0, self.points, 2)
        else:
            images, targets = normalised(batch)
        predicted = self.model(images.to(self.device))
        squares = nn.functional.mse_loss(predicted, targets.to(self.device), reduction="sum")
        # The gradients' sum is divided by the ranks: wanted is the mean over all ranks' items.
        loss = squares / (items * self.points * 2) * dist.get_world_size()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def heldout_loss(self) -> float:
        """The mean square error of what was held out; nan where nothing was."""
        if not self.held or self.net is None:
            return float("nan")
        held = zip(*map(normalised, self.held), strict=True)
        images, targets = (torch.cat(parts).to(self.device) for parts in held)
        with torch.no_grad():
            return nn.functional.mse_loss(self.net(images), targets).item()

    def report(self) -> bool:
        """Puts together what all ranks have; rank 0 says it. Returns whether all that the fleet has
        sent was received, and it came to its end in order."""
        mine = self.dataset.receipts(), self.dataset.stats()["received"], self._digest()
        receipts, items, digests = zip(*gathered(mine), strict=True)
        total = btt.merge_receipts(receipts)
        if dist.get_rank() == 0:
            counts = ("received", "duplicated", "lost", "unfinished")
            print(", ".join(f"{name} {total[name]}" for name in counts))
            print(", ".join(f"rank {rank}: {count} items" for rank, count in enumerate(items)))
            same = "equal" if len(set(digests)) == 1 else "NOT EQUAL"
            print(f"{self.taken} steps; the weights of all ranks are {same}")
            print(f"held-out loss {self.before:.6f}, then {self.heldout_loss():.6f}", flush=True)
        ends = [publisher["end"] for publisher in total["publishers"]]
        return total["lost"] == 0 and ends == ["finished"] * len(self.dataset.addresses)

    def _digest(self) -> str:
        """By which equal weights are known."""
        digest = hashlib.sha256()
        for weights in self.net.parameters() if self.net else ():
            digest.update(weights.detach().cpu().numpy().tobytes())
        return digest.hexdigest()


if __name__ == "__main__":
    main()
