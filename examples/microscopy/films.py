"""Movies as they come: those that are learned from, and those that are kept apart.

Owns the receiving, in a thread of its own, and what is kept of each movie. Movies are numbered, and
the first numbers are held out: networks and tissues that nothing learns from or is tuned by.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import learned
import movies
import numpy as np
import optics
import scores
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass
class Film:
    """A movie made ready, and what is true of it."""

    number: int
    ready: movies.Ready
    truth: scores.Truth
    traces: NDArray[np.float32]
    """Of the cells to be found, by their true masks: cells by 2 by frames."""
    spikes: NDArray[np.int64]
    """Of those: cells by frames."""
    seconds: NDArray[np.float32]
    """What it took to make it."""
    sample: NDArray[np.uint16]
    """Its frames as they came; of movies that are learned from only the first."""


def film(item: dict[str, Any], whole: bool) -> Film:
    """Of what was received; its frames are kept only if it is to be `whole`."""
    truth = scores.Truth.of(item, optics.Microscope.pixel_um)
    ready = movies.Ready.of(item["movie"])
    traces = ready.traces(truth.mask, truth.wanted)
    spikes = truth.spikes[:, truth.wanted - 1].T.astype(np.int64)
    if not whole:
        ready = replace(ready, frames=ready.frames[:1])
    kept = item["movie"] if whole else item["movie"][:1]
    return Film(int(item["number"]), ready, truth, traces, spikes, item["seconds"], kept)


class Films:
    """What has come until now."""

    def __init__(self, items: Iterable[dict[str, Any]], held_out: int) -> None:
        """Begins to receive. An error of the receiving is raised by whoever waits."""
        self.held_out: list[Film] = []
        self.training: list[Film] = []
        self._error: BaseException | None = None
        self._news = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._receive, args=(items, held_out), daemon=True)
        self._thread.start()

    def _receive(self, items: Iterable[dict[str, Any]], held_out: int) -> None:
        try:
            for item in items:
                apart = int(item["number"]) < held_out
                made = film(item, whole=apart)
                with self._news:
                    (self.held_out if apart else self.training).append(made)
                    self._news.notify_all()
        except BaseException as error:  # Raised where somebody waits.
            self._error = error
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait(self, training: int) -> None:
        """Waits for so many movies to learn from, or the end."""
        with self._news:
            self._news.wait_for(lambda: self._ended or len(self.training) >= training)
        if self._error is not None:
            raise self._error

    def all(self) -> None:
        """Waits for the end, and puts them into the order of their numbers."""
        with self._news:
            self._news.wait_for(lambda: self._ended)
        if self._error is not None:
            raise self._error
        for some in (self.held_out, self.training):
            some.sort(key=lambda one: one.number)


@dataclass
class Lessons:
    """What of movies the networks learn from, as tensors."""

    pictures: Tensor
    targets: Tensor
    traces: Tensor
    spikes: Tensor

    @staticmethod
    def of(films: list[Film]) -> "Lessons":
        """Of these movies."""
        stacked = (
            np.stack([one.ready.pictures for one in films]),
            np.stack([learned.targets(one.truth) for one in films]),
            learned.even(np.concatenate([one.traces for one in films])),
            np.concatenate([one.spikes for one in films]).astype(np.float32),
        )
        return Lessons(*map(torch.from_numpy, stacked))
