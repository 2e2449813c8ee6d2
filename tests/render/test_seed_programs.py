"""The programs that VisionSim's documentation shows, with another import line, run as they are; and
what becomes of Blenders whose program is ended."""

import re
import signal
import sys
import textwrap
from pathlib import Path

import pytest
from support import ROOT
from support.animations import ends_with, files
from support.processes import ends_well, eventually
from support.programs import Run

PAGE = ROOT / "docs" / "from-visionsim.md"
# With only their import lines changed, and what runs the same job without clients.
ONE, SEVERAL, POOL, PROGRESS, JOB = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)

# One of its examples, shorter.
PATH = """
import numpy as np
from blendtorch.render import BlenderClient

with BlenderClient.spawn(timeout=30, log="logs") as client:
    client.initialize("assets/monkey.blend", "renders/monkey")
    client.include_frames()
    client.unbind_camera()
    for frame, theta in enumerate(np.linspace(0, 2 * np.pi, 3, endpoint=False)):
        place = [5 * np.cos(theta), 5 * np.sin(theta), 1]
        client.position_camera(location=place, look_at=[0, 0, 0])
        client.rotate_camera(2 * np.pi / 100 * frame)
        client.set_camera_keyframe(frame)
    client.set_animation_range(start=0, stop=3)
    client.render_animation()
"""


@pytest.fixture
def folder(assets: Path, tmp_path: Path) -> Path:
    """Where a program runs, with its `assets`."""
    (tmp_path / "assets").symlink_to(assets)
    return tmp_path


@pytest.mark.parametrize(
    ("program", "scenes", "frames", "blenders"),
    [
        pytest.param(ONE, ["monkey"], 4, 1, id="one"),
        pytest.param(SEVERAL, ["monkey"], 4, 2, id="several"),
        pytest.param(POOL, ["cube", "metaballs", "monkey"], 2, 2, id="pool"),
        pytest.param(PROGRESS, ["cube", "metaballs", "monkey"], 2, 2, id="progress"),
        pytest.param(JOB, ["monkey"], 4, 2, id="job"),
        pytest.param(PATH, ["monkey"], 3, 1, id="path"),
    ],
)
def test_the_seeds_programs_run(
    folder: Path, program: str, scenes: list[str], frames: int, blenders: int
) -> None:
    (folder / "program.py").write_text(program)
    ends_well([sys.executable, "program.py"], cwd=folder)
    renders = folder / "renders"
    assert sorted(path.name for path in renders.iterdir()) == scenes
    assert [len(files(renders / scene, "frames")) for scene in scenes] == [frames] * len(scenes)
    logs = list((folder / "logs").iterdir()) if "log=" in program else []
    assert len(logs) == (blenders if "log=" in program else 0)


LONG = textwrap.dedent("""
    from blendtorch.render import BlenderClients

    with BlenderClients.spawn(jobs=2, timeout=60) as clients:
        clients.initialize("assets/slow.blend", "renders")
        clients.include_frames()
        print(*clients._fleet.pids(), flush=True)
        clients.render_animation(update_fn=lambda **values: print("frame", flush=True))
    """)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_program_that_is_ended_takes_its_blenders_along(
    folder: Path, number: signal.Signals
) -> None:
    (folder / "program.py").write_text(LONG)
    with Run([sys.executable, "program.py"], folder / "said.txt", cwd=folder) as run:
        eventually("it renders", lambda: run.says(r"\d+ \d+\n(frame\n){2}"))
        pids = [int(pid) for pid in run.said().splitlines()[0].split()]
        code = ends_with(run, pids, number)
        said = run.said()
    assert code == -number if number == signal.SIGKILL else "KeyboardInterrupt" in said, said
    assert len(files(folder / "renders", "frames")) < 40
