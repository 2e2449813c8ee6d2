"""Rules that connect nodes: the usual ones, and the mark of those that take arrays.

A rule of one's own is a function of a source and a target, as BMTK's; with `@vectorised`, one of
whole tables of them. The rules here need no function: they are drawn in Rust, from a seed, and no
matrix of all pairs is ever made.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch
from .pools import NodeTable

Function = TypeVar("Function", bound=Callable[..., Any])
Nsyns = int | tuple[int, int]
Pairs = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32] | None]
FallOff = Literal["step", "linear", "exponential", "gaussian"]


def vectorised(function: Function) -> Function:
    """Marks a rule as one of arrays.

    With `iterator="one_to_one"` it gets two `NodeTable`s, sources and targets, and gives either a
    matrix (sources × targets) of numbers of synapses or of booleans, or a tuple of the rows of the
    sources, the rows of the targets and, if there is a third, the numbers of synapses. A matrix is
    asked for in blocks of sources, so that large networks need little memory.

    With `all_to_one` it gets a table of sources and one target, with `one_to_all` one source and a
    table of targets, and gives an array of numbers.

    A rule of `add_properties` gets two tables with a row for each edge, and gives an array of that
    length; of several names, a tuple of arrays.
    """
    function.__vectorised__ = True  # type: ignore[attr-defined]
    return function


def is_vectorised(rule: Any) -> bool:
    """Whether a rule is marked; `functools.partial` of one is too."""
    return bool(
        getattr(rule, "__vectorised__", False)
        or getattr(getattr(rule, "func", None), "__vectorised__", False)
    )


def offsets(
    sources: NodeTable,
    targets: NodeTable,
    *,
    position: str | Sequence[str] | None = None,
    wrapped: float | Sequence[float] | None = None,
) -> NDArray[np.float64]:
    """How far each target is from each source, sources × targets, for rules of one's own.

    Args:
        sources: The rows.
        targets: The columns.
        position: The columns of the points (`NodeTable.positions`).
        wrapped: The edges of a box whose opposite sides are one; 0 or infinity: not this axis.
    """
    difference = sources.positions(position)[:, None] - targets.positions(position)[None]
    for axis, edge in enumerate(box(wrapped)):
        if edge:
            difference[..., axis] -= edge * np.round(difference[..., axis] / edge)
    return np.asarray(np.sqrt((difference**2).sum(-1)))


def box(wrapped: float | Sequence[float] | None) -> tuple[float, float, float]:
    """The edges of the box, 0 where an axis is not wrapped."""
    if wrapped is None:
        return (0.0, 0.0, 0.0)
    edges = [wrapped] * 3 if isinstance(wrapped, int | float) else list(wrapped)
    if len(edges) > 3 or any(edge < 0 or np.isnan(edge) for edge in edges):
        raise ValueError(f"a box has up to 3 edges, none negative, not {edges}")
    x, y, z = [0.0 if np.isinf(edge) else float(edge) for edge in edges] + [0.0] * (3 - len(edges))
    return (x, y, z)


class BuiltIn(ABC):
    """A rule that is drawn in Rust."""

    def __init__(self, *, nsyns: Nsyns, autapses: bool, seed: int | None) -> None:
        low, high = nsyns if isinstance(nsyns, tuple) else (nsyns, nsyns)
        if not 0 < low <= high < 2**32:
            raise ValueError(f"nsyns is a number from 1 or (lowest, highest), not {nsyns!r}")
        self.nsyns = (int(low), int(high))
        self.autapses = autapses
        #: Of the draws. The same seed gives the same edges, on any machine.
        self.seed = secrets.randbits(63) if seed is None else int(seed) % 2**64

    def pairs(self, sources: NodeTable, targets: NodeTable) -> Pairs:
        """The rows of the sources and targets of all edges, by source, and their synapses."""
        source, target = self._drawn(sources, targets)
        low, high = self.nsyns
        if low == high:
            many = None if low == 1 else np.full(len(source), low, np.uint32)
        else:
            many = np.asarray(_blendtorch.draw_numbers(len(source), low, high, self.seed))
        return source, target, many

    def _drawn(self, sources: NodeTable, targets: NodeTable) -> tuple[Any, Any]:
        """The pairs, of which those of a node with itself may have to go."""
        same = sources.population == targets.population and not self.autapses
        own = (_ids(sources), _ids(targets)) if same else None
        source, target = self._pairs(sources, targets, own)
        return np.asarray(source), np.asarray(target)

    @abstractmethod
    def _pairs(
        self, sources: NodeTable, targets: NodeTable, own: tuple[Any, Any] | None
    ) -> tuple[Any, Any]:
        """The rows of the sources and of the targets; `own`: ids that may not meet themselves."""


def _ids(table: NodeTable) -> NDArray[np.uint64]:
    return np.ascontiguousarray(table.node_id, np.uint64)


class probability(BuiltIn):  # noqa: N801
    """Each pair is connected with a probability.

    Args:
        p: In [0, 1].
        nsyns: Synapses of a connection, or (lowest, highest), each as likely.
        autapses: Whether a node may be connected to itself.
        seed: Of the draws; without it one of the system's, kept as `seed`.
    """

    def __init__(
        self, p: float, *, nsyns: Nsyns = 1, autapses: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(nsyns=nsyns, autapses=autapses, seed=seed)
        if not 0 <= p <= 1:
            raise ValueError(f"a probability is in [0, 1], not {p}")
        self.p = float(p)

    def _pairs(
        self, sources: NodeTable, targets: NodeTable, own: tuple[Any, Any] | None
    ) -> tuple[Any, Any]:
        return _blendtorch.draw_probability(len(sources), len(targets), self.p, self.seed, own)


class distance(BuiltIn):  # noqa: N801
    """Each pair is connected with a probability that falls with its distance d.

    Args:
        p: The probability at d = 0, in [0, 1].
        scale: Of the fall-off, in the unit of the positions.
        fall_off: `step`: p up to scale; `linear`: p·(1 − d/scale); `exponential`: p·exp(−d/scale);
            `gaussian`: p·exp(−d²/(2·scale²)).
        cutoff: Pairs farther apart are never connected.
        position: The columns of the points (`NodeTable.positions`).
        wrapped: The edges of a box whose opposite sides are one; 0 or infinity: not this axis.
        nsyns: As of `probability`.
        autapses: As of `probability`.
        seed: As of `probability`.
    """

    def __init__(
        self,
        p: float,
        scale: float,
        *,
        fall_off: FallOff = "gaussian",
        cutoff: float | None = None,
        position: str | Sequence[str] | None = None,
        wrapped: float | Sequence[float] | None = None,
        nsyns: Nsyns = 1,
        autapses: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(nsyns=nsyns, autapses=autapses, seed=seed)
        if not 0 <= p <= 1:
            raise ValueError(f"a probability is in [0, 1], not {p}")
        if not scale > 0:
            raise ValueError(f"scale is above 0, not {scale}")
        kinds = ("step", "linear", "exponential", "gaussian")
        if fall_off not in kinds:
            meant = _blendtorch.nearest_name(fall_off, list(kinds))
            hint = f'; did you mean "{meant}"?' if meant else f"; there are {', '.join(kinds)}"
            raise ValueError(f'no fall_off "{fall_off}"{hint}')
        self.p, self.scale, self.fall_off = float(p), float(scale), fall_off
        self.cutoff = float("inf") if cutoff is None else float(cutoff)
        self.position, self.box = position, box(wrapped)

    def _pairs(
        self, sources: NodeTable, targets: NodeTable, own: tuple[Any, Any] | None
    ) -> tuple[Any, Any]:
        return _blendtorch.draw_distance(
            sources.positions(self.position),
            targets.positions(self.position),
            self.p,
            self.scale,
            self.fall_off,
            self.cutoff,
            self.box,
            self.seed,
            own,
        )


class _FixedDegree(BuiltIn):
    _of_targets: bool

    def __init__(
        self,
        k: int,
        *,
        multapses: bool = False,
        nsyns: Nsyns = 1,
        autapses: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(nsyns=nsyns, autapses=autapses, seed=seed)
        if k < 0:
            raise ValueError(f"a degree is not negative: {k}")
        self.k, self.multapses = int(k), multapses

    def _pairs(
        self, sources: NodeTable, targets: NodeTable, own: tuple[Any, Any] | None
    ) -> tuple[Any, Any]:
        return _blendtorch.draw_degree(
            len(sources), len(targets), self.k, self._of_targets, self.multapses, self.seed, own
        )


class fixed_indegree(_FixedDegree):  # noqa: N801
    """Each target gets k edges, from sources drawn at random.

    Args:
        k: How many. More than there are sources is an error without `multapses`.
        multapses: Whether a source may be drawn twice for a target: two edges.
        nsyns: As of `probability`.
        autapses: As of `probability`.
        seed: As of `probability`.
    """

    _of_targets = True


class fixed_outdegree(_FixedDegree):  # noqa: N801
    """Each source gets k edges, to targets drawn at random; else as `fixed_indegree`."""

    _of_targets = False


class one_to_one(BuiltIn):  # noqa: N801
    """The first source to the first target, the second to the second, and so on.

    Args:
        nsyns: As of `probability`.
        seed: Of `nsyns`.
    """

    def __init__(self, *, nsyns: Nsyns = 1, seed: int | None = None) -> None:
        super().__init__(nsyns=nsyns, autapses=True, seed=seed)

    def _pairs(
        self, sources: NodeTable, targets: NodeTable, own: tuple[Any, Any] | None
    ) -> tuple[Any, Any]:
        if len(sources) != len(targets):
            raise ValueError(
                f"one_to_one needs as many sources as targets: {len(sources)} of "
                f'"{sources.population}" and {len(targets)} of "{targets.population}"'
            )
        rows = np.arange(len(sources), dtype=np.uint32)
        return rows, rows.copy()
