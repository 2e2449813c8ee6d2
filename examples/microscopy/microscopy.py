"""Finds cells and their spikes in movies of a microscope; learns from movies that Blenders make.

python examples/microscopy/microscopy.py            # scores, pictures and a video in out/microscopy
python examples/microscopy/microscopy.py --quick    # small, to see that it runs

Blenders draw networks that are simulated for each movie anew (microscope.blend.py); a network
learns while they draw. In the end it is compared, on movies of other networks, with the classical
ways.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import classical
import evaluate
import learned
import numpy as np
import pictures
import torch
from blendtorch import btt
from blendtorch.circuit import Indicator
from films import Films, Lessons

HERE = Path(__file__).resolve().parent
# The indicator is known: a network and a formula may both be made for it.
DECAY_MS, FRAME_MS = Indicator.GCAMP6F["decay_ms"], 50.0


def options() -> argparse.Namespace:
    """What the user says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--movies", type=int, default=24, help="to learn from (default 24)")
    parser.add_argument("--held-out", type=int, default=8, help="to compare with (default 8)")
    parser.add_argument("--steps", type=int, default=400, help="of learning (default 400)")
    parser.add_argument("--frames", type=int, default=192, help="of a movie (default 192)")
    parser.add_argument("--pixels", type=int, default=128, help="its width and height")
    parser.add_argument("--photons", type=int, choices=(1, 2), default=2, help="that excite")
    parser.add_argument("--seed", type=int, default=1, help="of everything (default 1)")
    parser.add_argument("--launch", type=Path, default=HERE / "launch.json")
    parser.add_argument("--out", type=Path, default=Path("out/microscopy"), help="(%(default)s)")
    parser.add_argument("--record", type=Path, help="keeps what Blenders publish, with this prefix")
    parser.add_argument("--replay", type=Path, help="takes it from there; no Blender is started")
    parser.add_argument("--no-pictures", action="store_true", help="scores alone")
    parser.add_argument("--quick", action="store_true", help="a few small movies, and few steps")
    given = parser.parse_args()
    if given.quick:
        given.movies, given.held_out, given.steps = 8, 3, 200
        given.frames, given.pixels = 96, 96
    return given


def launched(given: argparse.Namespace) -> btt.BlenderLauncher:
    """The Blenders, which share the movies."""
    launch = json.loads(given.launch.read_text())
    instances = launch.get("num_instances", 1)
    scene = {
        "movies": given.movies + given.held_out,
        "instances": instances,
        "frames": given.frames,
        "pixels": given.pixels,
        "photons": given.photons,
    }
    words = [word for name, value in scene.items() for word in (f"--{name}", str(value))]
    launch |= {
        "script": given.launch.parent / launch["script"],
        "instance_args": [words] * instances,
        "seed": given.seed,
    }
    launch.setdefault("scene", "")
    return btt.BlenderLauncher(**launch)


def learn(films: Films, given: argparse.Namespace) -> learned.Finder:
    """Learns as movies come: with half of them half of the steps are done."""
    finder = learned.Finder(given.seed)
    known, lessons, told = 0, None, time.monotonic()
    for step in range(given.steps):
        films.wait(max(2, min(given.movies, 1 + step * given.movies // given.steps)))
        if lessons is None or len(films.training) != known:
            known = len(films.training)
            lessons = Lessons.of(films.training[:known])
        done = step / given.steps
        pace = min(10 * (done + 1 / given.steps), 1.0) * (1 + np.cos(np.pi * done)) / 2
        some = finder.rng.integers(len(lessons.pictures), size=4)
        cells = finder.learn_cells(lessons.pictures[some], lessons.targets[some], pace)
        some = finder.rng.integers(len(lessons.traces), size=48)
        spikes = finder.learn_spikes(lessons.traces[some], lessons.spikes[some], pace)
        if time.monotonic() - told >= 5 or step == given.steps - 1:
            told = time.monotonic()
            print(
                f"step {step + 1} of {given.steps}, {known} movies; "
                f"loss of cells {cells:.3f}, of spikes {spikes:.3f}",
                flush=True,
            )
    return finder


def main() -> None:
    """Films, learns, compares."""
    given = options()
    given.out.mkdir(parents=True, exist_ok=True)
    # The Blenders need the others.
    torch.set_num_threads(1)
    began = time.monotonic()
    total = given.movies + given.held_out
    if given.replay:
        films, finder = _learned(btt.FileDataset(given.replay), given)
    else:
        with launched(given) as blenders:
            addresses = blenders.launch_info.addresses["DATA"]
            stream = btt.RemoteIterableDataset(
                addresses, timeoutms=120_000, max_items=total, record_path_prefix=given.record
            )
            films, finder = _learned(stream, given)
    learnt = time.monotonic() - began

    training, held_out = films.training, films.held_out
    ready, truths = [one.ready for one in training], [one.truth for one in training]
    traces = np.concatenate([one.traces for one in training])
    spikes = np.concatenate([one.spikes for one in training])
    blobs = classical.Blobs.tuned(ready, truths)
    deconvolution = classical.Deconvolution.tuned(traces, spikes, DECAY_MS, FRAME_MS)
    finder.tune(ready, truths)
    finder.rate = classical.threshold(finder.rates(traces), spikes)
    blind = evaluate.Blind.tuned(training)
    ways = {
        "network": (finder, finder),
        "classical": (blobs, deconvolution),
        "without looking": (blind, blind),
    }
    results = {
        name: {
            "cells": evaluate.cells(cells, held_out),
            "spikes": evaluate.spikes(way, held_out),
            "end to end": evaluate.end_to_end(cells, way, held_out),
        }
        for name, (cells, way) in ways.items()
    }
    results["ΔF/F without noise"] = {
        "spikes": evaluate.noiseless(training, held_out, DECAY_MS, FRAME_MS)
    }
    print(evaluate.table(results))

    seconds = np.array([one.seconds for one in training + held_out])
    frames = given.frames * len(seconds)
    wrong, moved = evaluate.drift_error(held_out)
    about = {
        "scores": results,
        "cells": {
            "training": sum(len(one.truth.wanted) for one in training),
            "held out": sum(len(one.truth.wanted) for one in held_out),
        },
        "drift": {"error": wrong, "true": moved},
        "tuned": {"blobs": str(blobs), "deconvolution": str(deconvolution)},
        "seconds": learnt,
        "frames_per_processor_second": frames / float(seconds[:, 3].sum()),
        "drawing": float(seconds[:, 1].sum() / seconds[:, 2].sum()),
    }
    (given.out / "scores.json").write_text(json.dumps(about, indent=4, ensure_ascii=False))
    print(
        f"{frames} frames of {len(seconds)} movies {'read' if given.replay else 'filmed'}, and "
        f"{given.steps} steps of learning, in {learnt:.0f} s; filming takes a processor a second "
        f"for {about['frames_per_processor_second']:.0f} frames; drift is known to {wrong:.2f} of "
        f"{moved:.2f} pixels"
    )
    if not given.no_pictures:
        for made in pictures.all_of(given.out, held_out, finder, blobs, deconvolution):
            print(made)


def _learned(
    items: Iterable[dict[str, Any]], given: argparse.Namespace
) -> tuple[Films, learned.Finder]:
    films = Films(items, given.held_out)
    finder = learn(films, given)
    films.all()
    if not films.held_out:
        raise SystemExit("no movie is held out: give --held-out")
    return films, finder


if __name__ == "__main__":
    # More threads than free cores would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
