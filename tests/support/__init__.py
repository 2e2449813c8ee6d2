"""What the tests share. This module says where things are, and needs nothing but Python: a part of
the package is loaded in Blender."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENES = Path(__file__).parent / "scenes"
DATAGEN = ROOT / "examples" / "datagen"
CUBE = DATAGEN / "cube.blend.py"

# Against hangs only: the first EEVEE frame on a busy machine without a GPU takes a minute.
HANG_S = 600
LONG_MS = HANG_S * 1000
