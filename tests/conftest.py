"""The runtimes: tests that take `runtime` run in the `bpy` module and in a `blender` program; those
that take `windowed` run in the program with a window."""

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import renders, shared
from support.hosts import Hosts
from support.runtimes import NoProgramError, Runtime, blender_program, bpy_module
from support.untested import UNTESTED, untested

# For Blenders whose scripts do not import btb, which would see to it (blendtorch.drawing_threads).
os.environ.setdefault("LP_NUM_THREADS", "0")


@pytest.fixture(scope="session", autouse=True)
def shared_blenders() -> Iterator[None]:
    """Blenders that tests share end with the session, also with one that Ctrl-C ends."""
    yield
    shared.end_all()


@pytest.fixture(scope="session")
def bpy_runtime() -> Runtime:
    """The managed Blender."""
    return bpy_module()


@pytest.fixture(scope="session")
def render_scenes(bpy_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the scenes that are rendered (`support.renders`)."""
    return renders.make_scenes(bpy_runtime, tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="session")
def whole_render(render_scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was rendered without a break: `renders.BALL` of the scene `ball`."""
    out = tmp_path_factory.mktemp("whole") / "out"
    renders.render(render_scenes / "ball.blend", out, *renders.BALL).well()
    return out


@pytest.fixture(scope="session")
def blender_runtime() -> Runtime:
    """The `blender` program on `PATH`; without one the test is skipped, and the end says so."""
    try:
        return blender_program()
    except NoProgramError as error:
        reason = str(error)
    return untested(reason)


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
        untested("no Xvfb to open windows in; install it: apt-get install xvfb")
    # It chooses a free number, and says when it can be used. It is small, and so are the windows:
    # the processor draws each of their pixels.
    command = [server, "-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"]
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
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none, whatever the machine has."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """Two hosts with a cable between them."""
    with Hosts() as hosts:
        yield hosts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not tested: with -q, reasons of skipped tests are not shown."""
    # Of the reports, which come from all processes of a run.
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    said = [where[2].partition(UNTESTED)[2] for where in skipped if isinstance(where, tuple)]
    for reason in sorted(set(filter(None, said))):
        terminalreporter.section("not all was tested", sep="!", yellow=True, bold=True)
        terminalreporter.line(f"skipped: {reason}", yellow=True)
