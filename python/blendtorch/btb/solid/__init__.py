"""Pictures of solid surfaces, drawn by ourselves: those that Workbench draws of opaque meshes in
studio light or none, without its passes over the whole screen.

On a processor half of what Workbench takes for a picture is such passes, which an empty scene has
too. Here surfaces are drawn once, straight to what is read. Owns which scenes can be drawn so
(`rules`), what is kept of their meshes (`shapes`), and that the picture is Workbench's to 1/255:
the first of each kind is drawn both ways and compared. Everything else is drawn as before.
"""

_last = "nothing yet"


def last() -> str:
    """What drew the last image of a Workbench or EEVEE view here: `blendtorch`, or `blender: ` and
    why."""
    return _last


def tell(reason: str | None) -> None:
    """Keeps it: the reason why Blender drew, or None where it did not."""
    global _last
    _last = "blendtorch" if reason is None else f"blender: {reason}"
