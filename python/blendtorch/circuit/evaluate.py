"""Runs connection rules: which source meets which target, with how many synapses.

Owns the ways in which a rule is called. It keeps no edges and writes none.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pools import NodeTable
from .rules import BuiltIn, Pairs, is_vectorised

ITERATORS = ("one_to_one", "all_to_one", "one_to_all")
#: A matrix of a vectorised rule has about so many pairs at most.
BLOCK = 4_000_000


def pairs(
    rule: Any,
    params: dict[str, Any],
    iterator: str,
    sources: NodeTable,
    targets: NodeTable,
) -> Pairs:
    """The rows of the sources and targets of all edges, by source and target, and their synapses.

    Raises:
        TypeError: The rule is none.
        ValueError: It gave numbers that are none, or too many or few of them.
    """
    if isinstance(rule, BuiltIn):
        return rule.pairs(sources, targets)
    if callable(rule):
        called = functools.partial(rule, **params)
        if is_vectorised(rule):
            return _of_arrays(called, iterator, sources, targets)
        return _of_nodes(called, iterator, sources, targets)
    if isinstance(rule, list | np.ndarray) and np.ndim(rule) > 0:
        return _of_list(rule, iterator, sources, targets)
    if isinstance(rule, Number | np.ndarray):
        return _of_number(rule, len(sources), len(targets))
    raise TypeError(
        f"a connection_rule is a number, a list, a function or one of blendtorch.circuit.rules, "
        f"not {type(rule).__name__}"
    )


def counts(values: Any, expected: int) -> NDArray[np.uint32]:
    """What a rule gave, as numbers of synapses; None is 0."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        numbers = values
    else:
        numbers = np.asarray([0 if one is None else one for one in values], np.float64)
    if numbers.shape != (expected,):
        raise ValueError(f"the connection_rule gave {numbers.shape} numbers, not {expected}")
    if numbers.dtype.kind == "b":
        return numbers.astype(np.uint32)
    if numbers.dtype.kind == "f":
        if not np.isfinite(numbers).all():
            raise ValueError("the connection_rule gave a number of synapses that is no number")
        if (numbers != np.floor(numbers)).any():
            warnings.warn(
                "the connection_rule gave fractions of synapses, which are cut off, as BMTK does",
                stacklevel=2,
            )
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= 2**32):
        raise ValueError("the connection_rule gave a number of synapses below 0 or too large")
    return numbers.astype(np.uint32)


def _gathered(rows: Iterable[tuple[int, NDArray[np.uint32]]]) -> Pairs:
    """Of the counts of each source, those that are not 0."""
    source, target, many = [], [], []
    for at, numbers in rows:
        found = np.flatnonzero(numbers)
        source.append(np.full(len(found), at, np.uint32))
        target.append(found.astype(np.uint32))
        many.append(numbers[found])
    if not source:
        none = np.empty(0, np.uint32)
        return none, none, none
    return np.concatenate(source), np.concatenate(target), np.concatenate(many)


def _by_target(columns: Iterable[tuple[int, NDArray[np.uint32]]]) -> Pairs:
    """Of the counts of each target, by source then."""
    target, source, many = _gathered(columns)
    order = np.argsort(source, kind="stable")
    return source[order], target[order], None if many is None else many[order]


def _of_nodes(
    rule: Callable[..., Any], iterator: str, sources: NodeTable, targets: NodeTable
) -> Pairs:
    """A function of one pair, or of one node and a list of all others, as BMTK's."""
    these, those = sources.nodes(), targets.nodes()
    if iterator == "one_to_one":
        return _gathered(
            (at, counts([rule(source, target) for target in those], len(those)))
            for at, source in enumerate(these)
        )
    if iterator == "one_to_all":
        return _gathered(
            (at, counts(rule(source, those), len(those))) for at, source in enumerate(these)
        )
    return _by_target(
        (at, counts(rule(these, target), len(these))) for at, target in enumerate(those)
    )


def _of_arrays(
    rule: Callable[..., Any], iterator: str, sources: NodeTable, targets: NodeTable
) -> Pairs:
    """A function of tables."""
    if iterator == "one_to_all":
        return _gathered(
            (at, counts(rule(source, targets), len(targets)))
            for at, source in enumerate(sources.nodes())
        )
    if iterator == "all_to_one":
        return _by_target(
            (at, counts(rule(sources, target), len(sources)))
            for at, target in enumerate(targets.nodes())
        )
    many = max(1, BLOCK // max(1, len(targets)))
    found = []
    for first in range(0, len(sources), many):
        rows = np.arange(first, min(first + many, len(sources)))
        whole = len(rows) == len(sources)
        given = rule(sources if whole else sources.rows(rows), targets)
        source, target, synapses = _of_block(given, len(rows), len(targets))
        found.append((source + np.uint32(first), target, synapses))
    if not found:
        return _gathered([])
    source, target, synapses = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return source, target, synapses


def _of_block(given: Any, rows: int, columns: int) -> tuple[NDArray[np.uint32], ...]:
    """The pairs of a matrix, or of lists of rows."""
    if isinstance(given, tuple):
        source, target = (np.asarray(one, np.int64) for one in given[:2])
        numbers = counts(given[2], len(source)) if len(given) > 2 else None
        if source.shape != target.shape or source.ndim != 1:
            raise ValueError("rows of sources and of targets are two lists of one length")
        if len(source) and not (source.min() >= 0 and source.max() < rows and target.min() >= 0):
            raise ValueError(f"the connection_rule gave rows of sources outside 0…{rows - 1}")
        if len(target) and target.max() >= columns:
            raise ValueError(f"the connection_rule gave rows of targets outside 0…{columns - 1}")
        order = np.lexsort((target, source))
        synapses = np.ones(len(source), np.uint32) if numbers is None else numbers[order]
        pair = source[order].astype(np.uint32), target[order].astype(np.uint32), synapses
        keep = synapses > 0
        return pair if keep.all() else tuple(one[keep] for one in pair)
    matrix = np.asarray(given)
    if matrix.shape != (rows, columns):
        raise ValueError(
            f"a vectorised connection_rule gives sources by targets, here {rows} by {columns}, "
            f"not {' by '.join(map(str, matrix.shape)) or 'one number'}"
        )
    flat = np.ascontiguousarray(matrix).reshape(-1)
    at = np.flatnonzero(flat)
    source, target = np.divmod(at, max(columns, 1))
    numbers = counts(flat[at], len(at))
    return source.astype(np.uint32), target.astype(np.uint32), numbers


def _of_list(rule: Any, iterator: str, sources: NodeTable, targets: NodeTable) -> Pairs:
    """A list of numbers: of all pairs by source, of all targets, or of all sources."""
    rows, columns = len(sources), len(targets)
    lengths = {"one_to_one": rows * columns, "one_to_all": columns, "all_to_one": rows}
    numbers = counts(np.ravel(np.asarray(rule)), lengths[iterator])
    if iterator == "one_to_one":
        return _gathered(enumerate(numbers.reshape(rows, columns)))
    if iterator == "one_to_all":
        return _gathered((at, numbers) for at in range(rows))
    return _gathered((at, np.full(columns, one, np.uint32)) for at, one in enumerate(numbers))


def _of_number(rule: Any, rows: int, columns: int) -> Pairs:
    """One number for all pairs."""
    (number,) = counts([rule], 1).tolist()
    if number == 0:
        return _gathered([])
    source = np.repeat(np.arange(rows, dtype=np.uint32), columns)
    target = np.tile(np.arange(columns, dtype=np.uint32), rows)
    return source, target, None if number == 1 else np.full(len(source), number, np.uint32)
