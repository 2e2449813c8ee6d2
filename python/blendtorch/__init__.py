"""Streams synthetic data from a fleet of Blender processes into training loops.

`blendtorch.btb` is for scene scripts in Blender, `blendtorch.btt` for whoever consumes what they
publish.
"""
