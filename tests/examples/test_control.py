"""examples/control, run as a user runs it, on real Blender."""

import re
import sys
from pathlib import Path

from PIL import Image
from support import ROOT
from support.programs import example, program


def cartpole(tmp_path: Path, *options: str) -> tuple[str, Image.Image]:
    """What the example prints, and its picture."""
    gif = tmp_path / "cartpole.gif"
    script = ROOT / "examples" / "control" / "cartpole.py"
    said = example(sys.executable, script, "--gif", gif, *options)
    return said, Image.open(gif)


def test_cartpole_is_held_for_500_steps(tmp_path: Path) -> None:
    said, gif = cartpole(tmp_path)
    assert said.startswith("the pole stands after 500 steps"), said
    assert (gif.n_frames, gif.size) == (125, (240, 120))


def test_cartpole_falls_without_a_force(tmp_path: Path) -> None:
    said, gif = cartpole(tmp_path, "--controller", "none", "--seed", "3")
    found = re.match(r"the pole fell after (\d+) steps", said)
    assert found and 20 <= int(found[1]) <= 200, said
    assert gif.n_frames == (int(found[1]) + 3) // 4


def test_cartpole_in_rust_drives_two_blenders() -> None:
    said = example(program("cartpole"))
    assert re.findall(r"pole (\d) stands after 500 steps", said) == ["0", "1"], said
    said = example(program("cartpole"), "--controller", "none")
    assert re.findall(r"pole (\d) fell after", said) == ["0", "1"], said
