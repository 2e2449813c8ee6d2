"""BMTK's PointNet in its own words, over the native engine.

A run script of BMTK's works with its import changed:

    from blendtorch.simulate import pointnet     # was: from bmtk.simulator import pointnet

    config = pointnet.Config.from_json("config.json")
    config.build_env()
    network = pointnet.PointNetwork.from_config(config)
    sim = pointnet.PointSimulator.from_config(config, network)
    sim.run()

There is no kernel of NEST's behind it: what goes on between these calls is `Simulation`'s, which is
at `sim.simulation`.
"""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .._blendtorch import read_config
from ..circuit import Circuit, NodePopulation
from ..circuit.as_json import as_json
from .functions import (
    add_delay_function,
    add_spikes_generator,
    add_weight_function,
    spikes_generator,
    synaptic_delay,
    synaptic_weight,
)
from .simulation import Simulation

__all__ = [
    "Config",
    "PointNetwork",
    "PointSimulator",
    "add_delay_function",
    "add_spikes_generator",
    "add_weight_function",
    "spikes_generator",
    "synaptic_delay",
    "synaptic_weight",
]

LOG = logging.getLogger("blendtorch.simulate")


class Config(dict[str, Any]):
    """A SONATA configuration as a dict: files together, variables replaced, paths resolved.

    It may be changed before the network is made. Its sections are attributes too:
    `config.run["dt"]`.
    """

    @classmethod
    def from_json(
        cls, config_file: str | Path | Mapping[str, Any], validator: Any = None, **opts: Any
    ) -> "Config":
        """Reads a file, or takes a dict as `from_dict` does. `opts` are variables, which count
        before the manifest's.

        What is wrong raises ValueError, all of it at once, each with its file and key. `validator`
        is there for BMTK's sake: everything is checked.
        """
        if isinstance(config_file, Mapping):
            return cls.from_dict(config_file, validator, **opts)
        text, warnings = read_config(str(config_file), None, as_json(opts))
        return cls._of(text, warnings)

    @classmethod
    def from_dict(
        cls, config_dict: Mapping[str, Any], validator: Any = None, **opts: Any
    ) -> "Config":
        """Reads a dict; paths in it go on from the folder of the program."""
        text, warnings = read_config(".", as_json(config_dict), as_json(opts))
        return cls._of(text, warnings)

    load = from_json

    @classmethod
    def _of(cls, text: str, warnings: list[str]) -> "Config":
        for warning in warnings:
            LOG.debug("%s", warning)
        return cls(json.loads(text))

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the configuration has no section {name!r}") from None

    @property
    def output_dir(self) -> str:
        """The folder of the output."""
        folder: str = self.get("output", {}).get("output_dir", ".")
        return folder

    @property
    def dt(self) -> float:
        """The time step in ms."""
        return float(self["run"].get("dt", 0.1))

    @property
    def tstart(self) -> float:
        """The start of the run in ms."""
        return float(self["run"].get("tstart", 0.0))

    @property
    def tstop(self) -> float:
        """The end of the run in ms."""
        return float(self["run"]["tstop"])

    def build_env(self, force: bool = False) -> None:
        """Makes the folder of the output. Nothing in it is removed, whatever else is there."""
        Path(self.output_dir).mkdir(parents=True, exist_ok=True)

    def plain(self) -> dict[str, Any]:
        """As a configuration that can be read again; `config_path` says which file it was."""
        return {key: value for key, value in self.items() if key != "config_dir"}

    @property
    def folder(self) -> str:
        """Where paths that are not resolved go on from."""
        return str(self.get("config_dir", "."))


class PointNetwork:
    """The network of a configuration, and the functions of the user's that it names."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.functions: dict[str, dict[str, Callable[..., Any]]] = {}
        self._circuit: Circuit | None = None

    @classmethod
    def from_config(cls, conf: Config | str | Path, **properties: Any) -> "PointNetwork":
        """That of a configuration; cells and edges are loaded when the simulator is made."""
        config = conf if isinstance(conf, Config) else _config(conf)
        if "networks" not in config:
            raise ValueError(
                'the configuration has no section "networks": name files of nodes there'
            )
        return cls(config)

    def add_weight_function(self, fnc: Callable[..., Any], name: str | None = None) -> None:
        """Registers a function of weights for this network; see `synaptic_weight`."""
        self._add("synaptic_weight", fnc, name)

    def add_delay_function(self, fnc: Callable[..., Any], name: str | None = None) -> None:
        """Registers a function of delays for this network; see `synaptic_delay`."""
        self._add("synaptic_delay", fnc, name)

    def set_default_weight_function(self, fnc: Callable[..., Any]) -> None:
        """Registers what a csv names `default_weight_fnc`."""
        self._add("synaptic_weight", fnc, "default_weight_fnc")

    def _add(self, kind: str, fnc: Callable[..., Any], name: str | None) -> None:
        self.functions.setdefault(kind, {})[name or fnc.__name__] = fnc

    @property
    def circuit(self) -> Circuit:
        """The files of the network, read when they are asked for."""
        if self._circuit is None:
            networks = self.config["networks"]
            self._circuit = Circuit.from_files(
                [(one["nodes_file"], one.get("node_types_file")) for one in networks["nodes"]],
                [
                    (one["edges_file"], one.get("edge_types_file"))
                    for one in networks.get("edges", [])
                ],
            )
        return self._circuit

    @property
    def node_populations(self) -> list[NodePopulation]:
        """The populations of nodes."""
        return list(self.circuit.nodes.values())

    def get_node_population(self, name: str) -> NodePopulation:
        """The population of that name."""
        return self.circuit.nodes[name]

    def get_nodes_df(self, population: str) -> Any:
        """The nodes of a population as a pandas table by their ids."""
        return self.circuit.nodes[population].to_pandas()


class PointSimulator:
    """Runs a network, as BMTK's does; `simulation` can be asked and changed between pieces."""

    def __init__(self, simulation: Simulation, network: PointNetwork) -> None:
        self.simulation = simulation
        self.net = network
        self._mods: list[Any] = []

    @classmethod
    def from_config(
        cls,
        configure: Config | str | Path,
        graph: PointNetwork | None = None,
        n_thread: int | None = None,
        *,
        network: PointNetwork | None = None,
    ) -> "PointSimulator":
        """Loads the network. `n_thread` counts where the configuration has no `run.n_thread`.

        Raises:
            ValueError: Something is wrong: all of it, each with its file and key.
        """
        config = configure if isinstance(configure, Config) else _config(configure)
        graph = graph or network or PointNetwork.from_config(config)
        threads = config.get("run", {}).get("n_thread", n_thread)
        simulation = Simulation(
            config.plain(), folder=config.folder, threads=threads, functions=graph.functions
        )
        return cls(simulation, graph)

    @property
    def tstart(self) -> float:
        """The start of the run in ms."""
        return self.net.config.tstart

    @property
    def tstop(self) -> float:
        """The end of the run in ms."""
        return self.simulation.tstop

    @property
    def dt(self) -> float:
        """The time step in ms."""
        return self.simulation.dt

    @property
    def n_steps(self) -> int:
        """How many steps the run has."""
        return round((self.tstop - self.tstart) / self.dt)

    def simulation_time(self, units: str = "ms") -> float:
        """How long the simulated time is, in ms or s."""
        time = self.tstop - self.tstart
        if units.lower() not in ("ms", "s"):
            raise ValueError(f"units are ms or s, not {units!r}")
        return time if units.lower() == "ms" else time / 1000.0

    def add_mod(self, mod: Any) -> None:
        """Adds an object whose `initialize(sim)` is called before the run and `finalize(sim)`
        after."""
        self._mods.append(mod)

    def run(self, tstop: float | None = None) -> dict[str, Any]:
        """Runs to the end, or to an earlier time, writes all files, and says what came of it.

        Ctrl-C ends it: what was simulated is written, and KeyboardInterrupt is raised.
        """
        for mod in self._mods:
            mod.initialize(self)
        try:
            if tstop is None:
                self.simulation.run()
            else:
                self.simulation.run_until(tstop)
            for mod in self._mods:
                mod.finalize(self)
        except KeyboardInterrupt:
            self.simulation.finish()
            raise
        return self.simulation.finish()


def _config(given: Any) -> Config:
    if isinstance(given, Mapping):
        return Config.from_dict(given)
    return Config.from_json(given)
