"""What the README shows works as it stands there, also without a GPU."""

import contextlib
import re
from itertools import islice
from pathlib import Path

from blendtorch import btt
from support import ROOT
from support.runtimes import Runtime


def snippet(word: str) -> str:
    """The Python of the README that has this word in it."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return found


def test_the_scene_of_the_readme_streams_with_the_patience_of_its_consumer(
    runtime: Runtime, tmp_path: Path
) -> None:
    """Regression: Blender's own scene has EEVEE, whose second frame came too late without a GPU."""
    script = tmp_path / "scene.py"
    script.write_text(snippet("parse_blendtorch_args"))
    with btt.BlenderLauncher(
        "", script, named_sockets=["DATA"], proto="ipc", background=True, blender=runtime.place
    ) as bl:
        items = list(islice(btt.RemoteIterableDataset(bl.launch_info.addresses["DATA"]), 3))
    for item in items:
        assert item["image"].shape == (1080, 1920, 3) and item["image"].any()
        assert item["xy"].shape == (8, 2)
    assert (items[0]["xy"] != items[1]["xy"]).any()


def test_the_training_loop_of_the_readme_runs() -> None:
    code = snippet("criterion(").replace("max_items=10_000", "max_items=16")
    code = code.replace('named_sockets=["DATA"]', 'named_sockets=["DATA"], proto="ipc"')
    assert "max_items=16" in code and "ipc" in code
    seen = []
    names = {
        "btt": btt,
        "model": lambda images: images.shape,
        "criterion": lambda shape, xy: seen.append((tuple(shape), tuple(xy.shape))),
    }
    with contextlib.chdir(ROOT):
        exec(compile(code, "README.md", "exec"), names)
    assert [shape[0] for shape, _ in seen] == [8, 8]
    assert all(xy == (8, 8, 2) for _, xy in seen)
