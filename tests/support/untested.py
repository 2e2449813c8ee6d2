"""What is not tested for want of something: skipped loudly, or, where it is required, failed."""

import os
from typing import NoReturn

import pytest

# Set where a skipped runtime is an error: on continuous integration.
REQUIRED = "BLENDTORCH_REQUIRE_BLENDER"

# How the end of a run knows what was not tested for want of something.
UNTESTED = "not tested: "


def untested(reason: str) -> NoReturn:
    """Skips the test, and the end says so; where runtimes are required it is an error."""
    if os.environ.get(REQUIRED):
        pytest.fail(f"{reason} ({REQUIRED} is set)", pytrace=False)
    pytest.skip(UNTESTED + reason)
