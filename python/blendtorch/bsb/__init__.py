"""The BSB's Blender module, by its names: scripts for it run with the import changed.

    from blendtorch import bsb

    network = bsb.core.from_hdf5("mynetwork.hdf5")
    network.for_blender().blend(bpy.context.scene, "scaffold")

docs/from-bsb.md has what differs, and why. Nothing of the BSB's is in here.
"""

from . import core

__all__ = ["core"]
