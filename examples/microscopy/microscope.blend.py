"""A microscope over a simulated network: publishes movies of calcium with all that is true of them.

    movie         uint16 frames × H × W, counts
    mask          uint16 H × W: which cell is cut by the plane in focus, from 1 on, before any drift
    cells         float32 n × 4: x and y in pixels of that picture, z and radius in µm
    spikes        uint16 frames × n: how many spikes since the last frame
    fluorescence  float32 frames × n: ΔF/F of each cell, without noise
    drift         float32 frames × 2: where the picture went, x and y in pixels
    number        of the movie: together with the seed it gives all of this again
    fps           of the movie
    seconds       float32 4: what it took to simulate, to draw, and all in all, and of a processor

Each instance publishes every so-many-th movie. Blender draws the cells' sections with their
activity; what the microscope makes of it is in optics.py.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from blendtorch import btb
from blendtorch.circuit import Indicator, SpikeIndex, Timeline

sys.path.append(str(Path(__file__).parent))
import optics
import tissue
from stage import Stage

# Pixels around the picture, so that cells come in at its edges; it drifts less far.
MARGIN, DRIFT = 8, 4.0
DEPTH_UM = 22.0
FPS = 20.0


def options(given: list[str]) -> argparse.Namespace:
    """The scene's own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movies", type=int, default=10**6, help="of all instances")
    parser.add_argument("--instances", type=int, default=1, help="among which they are shared")
    parser.add_argument("--frames", type=int, default=192)
    parser.add_argument("--pixels", type=int, default=128)
    parser.add_argument("--photons", type=int, choices=(1, 2), default=2)
    return parser.parse_args(given)


def filmed(stage: Stage, scope: optics.Microscope, seed: list[int], frames: int) -> dict:
    """A movie of a network that nobody has seen yet."""
    began, worked = time.monotonic(), time.process_time()
    rng = np.random.default_rng(seed)
    size = stage.pixels - 2 * MARGIN
    cells = tissue.scatter(rng, stage.pixels * stage.pixel_um, DEPTH_UM)
    line = Timeline(fps=FPS, ms_per_s=1000.0)
    index, times = tissue.simulate(rng, cells, frames * 1000.0 / FPS)
    indicator = Indicator(SpikeIndex(len(cells), index, times), line)
    simulated = time.monotonic() - began

    # Frame k is taken at the end of its interval, so that it shows that interval's spikes.
    risen = np.empty((frames, len(cells)), np.float32)
    for frame in range(frames):
        indicator.fill(frame + 1, risen[frame])
    light = cells.brightness * (1.0 + risen)
    moved = optics.drift(rng, frames, DRIFT)
    bleached = scope.bleached(frames)
    transfer = scope.transfer((stage.pixels, stage.pixels))
    between = scope.neuropil * optics.cloud(rng, (stage.pixels, stage.pixels))

    stage.show(cells.positions, cells.radii)
    inside = slice(MARGIN, MARGIN + size)
    movie = np.empty((frames, size, size), np.uint16)
    mask, drawing = None, 0.0
    for first in range(0, frames, 3):
        # Three frames are drawn at once, and drift is slow: they have the middle one's, but the
        # first three none, for the mask.
        three = list(range(first, min(first + 3, frames)))
        moved[three] = moved[three[len(three) // 2]] if first else 0.0
        stage.move(moved[first])
        start = time.monotonic()
        planes, cut = stage.draw(light[(three + three[-1:] * 2)[:3]].T)
        drawing += time.monotonic() - start
        if mask is None:
            mask = cut[scope.planes_um.index(0)][inside, inside]
        around = optics.shifted(between, moved[first])
        for frame, drawn in zip(three, planes, strict=False):
            whole = scope.focus(drawn, transfer) + around * (1.0 + risen[frame].mean())
            movie[frame] = scope.detect(bleached[frame] * whole[inside, inside], rng)

    edges = np.arange(frames + 1) * 1000.0 / FPS
    bins = [edges, np.arange(len(cells) + 1)]
    where = cells.positions[:, :2] / stage.pixel_um - MARGIN
    return {
        "movie": movie,
        "mask": mask,
        "cells": np.column_stack([where, cells.positions[:, 2], cells.radii]).astype(np.float32),
        "spikes": np.histogram2d(times, index, bins)[0].astype(np.uint16),
        "fluorescence": risen,
        "drift": moved.astype(np.float32),
        "fps": FPS,
        "seconds": np.float32(
            [simulated, drawing, time.monotonic() - began, time.process_time() - worked]
        ),
    }


def main() -> None:
    """Films until all movies are made, or whoever launched this ends it."""
    btargs, remainder = btb.parse_blendtorch_args()
    opts = options(remainder)
    scope = optics.Microscope(photons=opts.photons)
    stage = Stage(scope.planes_um, opts.pixels + 2 * MARGIN, scope.pixel_um)
    with btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid) as publisher:
        for number in range(btargs.btid, opts.movies, opts.instances):
            made = filmed(stage, scope, [btargs.btseed, number], opts.frames)
            publisher.publish(number=number, **made)


main()
