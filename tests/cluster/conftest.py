"""Slurm for tests: a real one, of which each process of a run has its own.

`slurm` has two nodes on this host, `slurm_apart` each node and the head in namespaces of its own.
Tests share them one after another, so each finds them without jobs and with all nodes up; what
wants other options makes a cluster of its own with `own_slurm`, in half a second.
"""

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest
from support.slurm_cluster import NoSlurmError, SlurmCluster, check_installed
from support.untested import untested


@pytest.fixture(scope="session")
def slurm_installed() -> None:
    """Without Slurm the test is skipped, loudly; where it is required it fails."""
    try:
        check_installed()
    except NoSlurmError as error:
        reason = str(error)
    else:
        return
    untested(reason)


@pytest.fixture(scope="session")
def kept_slurm(slurm_installed: None) -> Iterator[SlurmCluster]:
    """The one that `slurm` gives from test to test."""
    with SlurmCluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kept_slurm_apart(slurm_installed: None) -> Iterator[SlurmCluster]:
    """The one that `slurm_apart` gives from test to test; for root alone."""
    if os.geteuid() != 0:
        untested("Slurm with each node in namespaces needs root")
    with SlurmCluster(namespaces=True) as cluster:
        yield cluster


@pytest.fixture
def slurm(kept_slurm: SlurmCluster) -> Iterator[SlurmCluster]:
    """Two nodes of two cores, on this host's loopback."""
    yield kept_slurm
    kept_slurm.tidy()


@pytest.fixture
def slurm_apart(kept_slurm_apart: SlurmCluster) -> Iterator[SlurmCluster]:
    """Two nodes of two cores and a head, each in namespaces of its own."""
    yield kept_slurm_apart
    kept_slurm_apart.tidy()


@pytest.fixture
def own_slurm(slurm_installed: None) -> Iterator[Callable[..., SlurmCluster]]:
    """Makes clusters of the test's own: `own_slurm(nodes=3, slurmd_timeout=5)`."""
    with contextlib.ExitStack() as made:
        yield lambda *given, **options: made.enter_context(SlurmCluster(*given, **options))
