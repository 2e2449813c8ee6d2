"""Functions of the user's that a network names: weights and delays of edges, spikes of cells.

Owns the names under which they are registered, as BMTK's decorators do it: a csv of edge types
names one in the column `weight_function` (or `delay_function`), an input of spikes in
`spikes_function`.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, overload

Function = TypeVar("Function", bound=Callable[..., Any])


class Registry:
    """Functions of one kind by name."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._functions: dict[str, Callable[..., Any]] = {}

    def add(self, function: Callable[..., Any], name: str | None, overwrite: bool) -> None:
        """Registers one; with `overwrite=False` an earlier one of that name stays."""
        name = name or getattr(function, "__name__", None)
        if name is None:
            raise TypeError(f"the {self.what} has no name: give one with name=")
        if overwrite or name not in self._functions:
            self._functions[name] = function

    def get(self, name: str, extra: dict[str, Callable[..., Any]] | None = None) -> Any:
        """The function of a name; those of `extra` come first."""
        found = (extra or {}).get(name) or self._functions.get(name)
        if found is None:
            known = ", ".join(sorted({*self._functions, *(extra or {})})) or "none"
            raise KeyError(
                f"no {self.what} is registered as {name!r}; there are: {known}. Register it before "
                f"the simulation is made: @{self.what}, or add_…(function, {name!r})"
            )
        return found


WEIGHTS = Registry("synaptic_weight")
DELAYS = Registry("synaptic_delay")
SPIKES = Registry("spikes_generator")


def _default_weight(edges: Any, source_nodes: Any, target_nodes: Any) -> Any:
    """`syn_weight` × `nsyns`, as without a function."""
    return edges["syn_weight"] * edges.get("nsyns", 1)


for _name in ("default_weight_fnc", "set_syn_weight", "wmax"):
    WEIGHTS.add(_default_weight, _name, overwrite=True)


@overload
def _decorator(registry: Registry, given: Function, name: None) -> Function: ...
@overload
def _decorator(
    registry: Registry, given: None, name: str | None
) -> Callable[[Function], Function]: ...
def _decorator(registry: Registry, given: Any, name: str | None) -> Any:
    if given is not None:
        registry.add(given, None, overwrite=True)
        return given

    def registered(function: Function) -> Function:
        registry.add(function, name, overwrite=True)
        return function

    return registered


def _documented(registry: Registry, words: str) -> Any:
    def decorate(function: Any = None, *, name: str | None = None) -> Any:
        if isinstance(function, str):
            function, name = None, function
        return _decorator(registry, function, name)

    functools.update_wrapper(decorate, _decorator, assigned=())
    decorate.__name__ = registry.what
    decorate.__doc__ = words
    return decorate


synaptic_weight = _documented(
    WEIGHTS,
    """Registers a function of weights, as `@synaptic_weight` or `@synaptic_weight(name="…")`.

    It is called once for the edges of a type, with three pandas tables of as many rows: the edges
    (`source_node_id`, `target_node_id`, `edge_type_id` and all attributes), their source nodes and
    their target nodes. It gives one weight an edge, in pA (mV in iaf_psc_delta and izhikevich);
    `nsyns` is not multiplied with it.
    """,
)
synaptic_delay = _documented(
    DELAYS,
    """Registers a function of delays, in ms; called as those of weights are.""",
)
spikes_generator = _documented(
    SPIKES,
    """Registers a function of spikes, as `@spikes_generator`.

    It is called with a virtual node (a mapping of its attributes, `node_id` too) and the
    simulation, and gives the times of its spikes in ms.
    """,
)


def add_weight_function(
    func: Callable[..., Any], name: str | None = None, overwrite: bool = True
) -> None:
    """Registers a function of weights; see `synaptic_weight`."""
    WEIGHTS.add(func, name, overwrite)


def add_delay_function(
    func: Callable[..., Any], name: str | None = None, overwrite: bool = True
) -> None:
    """Registers a function of delays; see `synaptic_delay`."""
    DELAYS.add(func, name, overwrite)


def add_spikes_generator(
    func: Callable[..., Any], name: str | None = None, overwrite: bool = True
) -> None:
    """Registers a function of spikes; see `spikes_generator`."""
    SPIKES.add(func, name, overwrite)
