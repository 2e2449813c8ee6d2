"""Small scenes that tests of whole renders share."""

from pathlib import Path

import pytest
from support import animations
from support.runtimes import Runtime


@pytest.fixture(scope="session")
def assets(bpy_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `.blend` files; see `support.animations.make`."""
    return animations.make(bpy_runtime, tmp_path_factory.mktemp("scenes") / "assets")
