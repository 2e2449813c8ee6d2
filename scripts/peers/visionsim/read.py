"""Whether VisionSim's own commands read a data set of its release's layout.

    python read.py FOLDER --out OUT [--theirs FOLDER]

To be run in VisionSim's environment. Does `dataset.info` and `transforms.colorize-depths`,
`-normals`, `-flows` (both directions) and `-segmentations`, by its command line's own `main`; what
they draw is left in OUT. Prints a line for each, and ends with 1 where one fails or leaves a frame
out.

`--theirs` is a data set that VisionSim wrote itself: a command that fails with it too is told and
does not count. Release 0.1.0a2 has one, `transforms.colorize-normals`: OpenEXR's reader gives it
channels R, G and B as one array, and it expects three. So the same command is done once more with
files read as it expects them, and that counts.
"""

import argparse
import contextlib
import io
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any


class Nothing(type):
    """Of classes that stand for all that is in torch and OpenCV."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything

    def __bool__(cls) -> bool:
        return False


class Anything(metaclass=Nothing):
    """Is imported, called and inherited from, and does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __bool__(self) -> bool:
        return False


class Without(MetaPathFinder, Loader):
    """These commands import torch and OpenCV and use neither; it would be 5 GB."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        ours = name.partition(".")[0] in ("torch", "cv2")
        return ModuleSpec(name, self, is_package=True) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        class Stub(ModuleType):
            def __getattr__(self, name: str) -> Any:
                if name.startswith("__"):
                    raise AttributeError(name)
                return Anything

        return Stub(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def command(*words: object) -> str:
    """Runs it; what it printed."""
    from visionsim import cli

    said = io.StringIO()
    sys.argv = ["visionsim", *map(str, words)]
    with contextlib.redirect_stdout(said):
        try:
            cli.main()
        except SystemExit as error:
            if error.code:
                raise RuntimeError(f"ended with {error.code}") from error
    return said.getvalue()


def info(folder: Path) -> str:
    """As its class of data sets reads it, too."""
    from visionsim.dataset import Dataset

    told = json.loads(command("dataset.info", "--input-dir", folder, "--as-json"))
    count, height, width, channels = told["full_shape"]
    transforms = json.loads((folder / "transforms.json").read_text())
    assert count == len(transforms["frames"]) == len(told["paths"]), told
    for place, image, pose in (Dataset.from_path(folder)[number] for number in range(count)):
        assert image.shape == (height, width, channels), (place, image.shape, told)
        assert pose.shape == (4, 4), pose
    return f"{count} frames of {width}x{height}x{channels}, arclength {told['arclength']:.4g}"


def colorized(folder: Path, out: Path, kind: str, *more: str) -> str:
    """A picture for each file."""
    from PIL import Image

    name = "-".join((kind, *more[1:]))
    found = sorted((folder / kind).glob(f"{kind[:-1]}_*.exr"))
    assert found, f"there is no file of {kind}"
    places = ["--input-dir", folder / kind, "--output-dir", out / name]
    command(f"transforms.colorize-{kind}", *places, *more)
    sizes = set()
    for path in found:
        with Image.open(out / name / f"{path.stem}.png") as image:
            sizes.add((image.mode, *image.size))
            extrema = image.getextrema()
    assert len(sizes) == 1, sizes
    (size,) = sizes
    return f"{len(found)} pictures {size}, the last one's values {extrema}"


@contextlib.contextmanager
def channels_first() -> Iterator[None]:
    """Files of three channels are read as the commands expect them."""
    from visionsim.cli import transforms

    before = transforms._read_exr

    def read(path: str) -> Any:
        pixels = before(path)
        return pixels[0].transpose(2, 0, 1) if pixels.ndim == 4 else pixels

    transforms._read_exr = read
    try:
        yield
    finally:
        transforms._read_exr = before


def commands(folder: Path, out: Path) -> dict[str, Callable[[], str]]:
    """What is run, by names."""
    found: dict[str, Callable[[], str]] = {"dataset.info": partial(info, folder)}
    for kind in ("depths", "normals", "flows", "segmentations"):
        found[f"transforms.colorize-{kind}"] = partial(colorized, folder, out, kind)
    backward = partial(colorized, folder, out, "flows", "--direction", "backward")
    return {**found, "transforms.colorize-flows --direction backward": backward}


def failure(run: Callable[[], str]) -> str:
    """What went wrong, in its last words."""
    try:
        run()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="what they draw")
    parser.add_argument("--theirs", type=Path, help="a data set that VisionSim wrote")
    opts = parser.parse_args()
    sys.meta_path.insert(0, Without())
    import visionsim.cli  # noqa: F401  (its logging, which this quietens)

    logging.getLogger().setLevel(logging.ERROR)
    theirs = commands(opts.theirs, opts.out / "theirs") if opts.theirs else {}
    failed = False
    for name, run in commands(opts.folder, opts.out).items():
        with contextlib.ExitStack() as stack:
            why = failure(theirs[name]) if name in theirs else ""
            if why:
                print(f"{name}: fails with VisionSim's own files ({why}); with files as it means:")
                stack.enter_context(channels_first())
            try:
                print(f"{name}: {run()}")
            except Exception:
                failed = True
                print(f"{name}: FAILED\n{traceback.format_exc()}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
