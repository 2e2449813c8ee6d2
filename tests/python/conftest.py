"""The runtimes: tests that take `runtime` run in the `bpy` module and in a `blender` program."""

import os

import pytest
from btb_support import NoProgramError, Runtime, blender_program, bpy_module

# Set where a skipped runtime is an error: on continuous integration.
REQUIRED = "BLENDTORCH_REQUIRE_BLENDER"

_skipped: set[str] = set()


@pytest.fixture(scope="session")
def bpy_runtime() -> Runtime:
    """The managed Blender."""
    return bpy_module()


@pytest.fixture(scope="session")
def blender_runtime() -> Runtime:
    """The `blender` program on `PATH`; without one the test is skipped, and the end says so."""
    try:
        return blender_program()
    except NoProgramError as error:
        reason = str(error)
    if os.environ.get(REQUIRED):
        pytest.fail(f"{reason} ({REQUIRED} is set)", pytrace=False)
    _skipped.add(reason)
    pytest.skip(reason)


@pytest.fixture(params=["bpy", "blender"])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """Each Blender in turn."""
    found: Runtime = request.getfixturevalue(f"{request.param}_runtime")
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not tested: with -q, reasons of skipped tests are not shown."""
    for reason in sorted(_skipped):
        terminalreporter.section("a runtime was not tested", sep="!", yellow=True, bold=True)
        terminalreporter.line(f"skipped: {reason}", yellow=True)
