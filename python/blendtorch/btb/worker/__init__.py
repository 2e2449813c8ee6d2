"""The worker of a fleet that renders: what its head asks of a scene, within Blender.

Owns the scene that is open, what is changed in it, and the frames that it renders. What is done
with them (names of files, the ledger, who renders what) is the head's, which calls the service
`render` that `main` serves. It must never read passes itself: `btb.passes` does, and `FrameWriter`
writes them.
"""
