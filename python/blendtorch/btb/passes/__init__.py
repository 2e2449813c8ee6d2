"""From a render to arrays: what each engine gives beside the image, in one convention.

Owns how it gets there, in memory, and the ids of what is seen. It must never write what lasts into
a scene: `Capture.release` gives it back as it was. docs/passes.md has the conventions.
"""

from .capture import Capture
from .kinds import PASSES, Display, Frame, Lacks, Thing, Things

__all__ = ["PASSES", "Capture", "Display", "Frame", "Lacks", "Thing", "Things"]
