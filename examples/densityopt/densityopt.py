"""Finds the distribution of a scene's parameters from rendered images alone.

Target images show ellipsoids whose two radii come from log-normal distributions that nobody knows.
Blenders render ellipsoids with radii from ours; what is known of an image is only how far it is
from others. The distance of the two sets of images (their energy distance) is brought down by the
gradient of the radii's log-probability (the score function), since a renderer has no gradient of
its own.

    python examples/densityopt/densityopt.py                 # one run; a plot
    python examples/densityopt/densityopt.py --seeds 0 1 2   # three, with the same Blenders

Energy distance: Székely and Rizzo, Journal of Statistical Planning and Inference 143 (2013).
Score-function gradient: Williams, Machine Learning 8 (1992).
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from blendtorch import btt
from torch.distributions import LogNormal

HERE = Path(__file__).resolve().parent

# Medians of the radii, and how far their logarithms spread.
TARGET_RADII, TARGET_SPREAD = (1.5, 0.6), 0.1
FIRST_RADII, FIRST_SPREAD = (0.6, 1.4), 0.3


class Radii(torch.nn.Module):
    """The radii's distribution: log-normal, so that they are positive."""

    def __init__(self, medians: tuple[float, float], spread: float) -> None:
        super().__init__()
        self.mean = torch.nn.Parameter(torch.tensor(medians).log())
        self.log_std = torch.nn.Parameter(torch.full((2,), spread).log())

    def distribution(self) -> LogNormal:
        """The distribution now."""
        return LogNormal(self.mean, self.log_std.exp())

    def medians(self) -> np.ndarray:
        """Of the two radii."""
        return self.mean.detach().exp().numpy()


class Renderers:
    """The Blenders: radii in through duplex channels, images out of a remote dataset."""

    def __init__(self, launcher: btt.BlenderLauncher) -> None:
        addresses = launcher.launch_info.addresses
        self.channels = [btt.DuplexChannel(address) for address in addresses["CTRL"]]
        # A first image may take a while; there is no end of them.
        dataset = btt.RemoteIterableDataset(addresses["DATA"], timeoutms=60_000, max_items=2**62)
        self.items: Iterator[dict] = iter(dataset)

    def render(self, radii: torch.Tensor) -> torch.Tensor:
        """One image for each pair of radii (N x 2), in order: N x pixels, coarse and soft, so that
        images of similar shapes are close."""
        numbers = np.arange(len(radii))
        parts = np.array_split(numbers, len(self.channels))
        for channel, part in zip(self.channels, parts, strict=True):
            channel.send(radii=radii[part].numpy(), numbers=part)
        images = torch.empty(len(radii), 64, 64)
        for item in itertools.islice(self.items, len(radii)):
            images[int(item["number"])] = torch.from_numpy(item["image"]).float().mean(2) / 255
        return torch.nn.functional.avg_pool2d(images[:, None], 8, 4).flatten(1)


def between(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The mean distance of each image in `a` to those in `b`; not to itself."""
    distances = torch.cdist(a, b)
    return distances.sum(1) / (len(b) - (1 if a is b else 0))


@dataclass
class Run:
    """What happened with one seed."""

    seed: int
    errors: list[float]
    medians: list[np.ndarray]

    @property
    def first(self) -> float:
        """The error at the beginning."""
        return self.errors[0]

    @property
    def final(self) -> float:
        """The error at the end, the mean of the last five: a single one is noisy."""
        return float(np.mean(self.errors[-5:]))

    def radii_error(self, index: int) -> float:
        """How far the medians are from the target's, which the optimisation does not know."""
        return float(np.linalg.norm(self.medians[index] - np.array(TARGET_RADII)))


def optimise(renderers: Renderers, seed: int, steps: int, batch: int) -> Run:
    """Brings the distribution of the radii to that of the target."""
    torch.manual_seed(seed)
    target = renderers.render(Radii(TARGET_RADII, TARGET_SPREAD).distribution().sample((batch,)))
    within_target = between(target, target).mean()
    radii = Radii(FIRST_RADII, FIRST_SPREAD)
    optimiser = torch.optim.Adam(radii.parameters(), lr=0.08)
    run = Run(seed, [], [radii.medians()])
    for step in range(steps):
        distribution = radii.distribution()
        samples = distribution.sample((batch,))
        images = renderers.render(samples)
        to_target, among = between(images, target), between(images, images)
        error = (2 * to_target - among).mean() - within_target
        # How much each image adds to the error; less their mean, which changes no expectation.
        cost = 2 * (to_target - among)
        loss = (distribution.log_prob(samples).sum(1) * (cost - cost.mean())).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for group in optimiser.param_groups:
            group["lr"] = 0.08 * (1 - step / steps) + 0.005
        run.errors.append(max(float(error), 0.0))
        run.medians.append(radii.medians())
    return run


def plot(runs: list[Run], path: Path) -> None:
    """The errors and the radii, step by step."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for run in runs:
        left.plot(run.errors, label=f"seed {run.seed}")
        right.plot(*np.array(run.medians).T, ".-")
    left.set(xlabel="step", ylabel="energy distance of the images", yscale="log")
    left.legend()
    right.plot(*TARGET_RADII, "k*", markersize=14, label="target")
    right.plot(*FIRST_RADII, "ko", label="start")
    right.set(xlabel="median radius across", ylabel="median radius up")
    right.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main() -> None:
    """Runs once for each seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one run each")
    parser.add_argument("--steps", type=int, default=80, help="of the optimiser (default 80)")
    parser.add_argument("--batch", type=int, default=64, help="images a step (default 64)")
    parser.add_argument("--instances", type=int, default=2, help="Blenders (default 2)")
    parser.add_argument(
        "--plot", type=Path, default=Path("out/densityopt/densityopt.png"), help="(%(default)s)"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)  # The Blenders need the others.
    launcher = btt.BlenderLauncher(
        "",
        HERE / "ellipsoid.blend.py",
        given.instances,
        named_sockets=["DATA", "CTRL"],
        proto="ipc",
        background=True,
    )
    runs = []
    with launcher:
        renderers = Renderers(launcher)
        for seed in given.seeds:
            start = time.monotonic()
            run = optimise(renderers, seed, given.steps, given.batch)
            runs.append(run)
            print(
                f"seed {seed}: error {run.first:.4f} -> {run.final:.4f} "
                f"({run.final / run.first:.1%}), radii off by {run.radii_error(0):.2f} -> "
                f"{run.radii_error(-1):.2f}, {time.monotonic() - start:.0f} s",
                flush=True,
            )
    plot(runs, given.plot)
    print(given.plot)


if __name__ == "__main__":
    main()
