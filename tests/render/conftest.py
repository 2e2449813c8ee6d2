"""Small scenes that tests of whole renders share, and clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from blendtorch.render import BlenderClients
from support import animations
from support.runtimes import Runtime


@pytest.fixture(scope="session")
def assets(bpy_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `.blend` files; see `support.animations.make`."""
    return animations.make(bpy_runtime, tmp_path_factory.mktemp("scenes") / "assets")


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlenderClients]:
    """Two Blenders."""
    logs = tmp_path_factory.mktemp("logs")
    with BlenderClients.spawn(2, 120, logs) as clients:
        yield clients
        assert len(list(logs.iterdir())) >= 2


@pytest.fixture
def monkey(clients: BlenderClients, assets: Path, tmp_path: Path) -> BlenderClients:
    """They have a scene open."""
    clients.initialize(assets / "monkey.blend", tmp_path / "out")
    return clients
