"""The runtimes: tests that take `runtime` run in the `bpy` module and in a `blender` program; those
that take `windowed` run in the program with a window."""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from support.hosts import Hosts
from support.runtimes import NoProgramError, Runtime, blender_program, bpy_module

# Set where a skipped runtime is an error: on continuous integration.
REQUIRED = "BLENDTORCH_REQUIRE_BLENDER"

# For Blenders whose scripts do not import btb, which would see to it (blendtorch.drawing_threads).
os.environ.setdefault("LP_NUM_THREADS", "0")

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


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Where a window can be opened, as in `DISPLAY`: an X server in memory, where there is one."""
    server = shutil.which("Xvfb")
    if server is None:
        reason = "no Xvfb to open windows in; install it: apt-get install xvfb"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{reason} ({REQUIRED} is set)", pytrace=False)
        _skipped.add(reason)
        pytest.skip(reason)
    # It chooses a free number, and says it when it can be used.
    command = [server, "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            number = process.stdout.readline().strip()
            assert number, "Xvfb did not start"
            yield f":{number}"
        finally:
            process.terminate()


@pytest.fixture
def windowed(blender_runtime: Runtime, display: str) -> Runtime:
    """The `blender` program with a window."""
    words = tuple(word for word in blender_runtime.words if word != "--background")
    env = {**blender_runtime.env, "DISPLAY": display}
    return dataclasses.replace(blender_runtime, words=words, env=env)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """Two hosts with a cable between them."""
    with Hosts() as hosts:
        yield hosts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not tested: with -q, reasons of skipped tests are not shown."""
    for reason in sorted(_skipped):
        terminalreporter.section("a runtime was not tested", sep="!", yellow=True, bold=True)
        terminalreporter.line(f"skipped: {reason}", yellow=True)
