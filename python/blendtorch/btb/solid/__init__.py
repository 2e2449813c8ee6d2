"""Pictures of solid surfaces, drawn by ourselves: those that Workbench draws of opaque meshes in
studio light or none, without its passes over the whole screen.

On a processor half of what Workbench takes for a picture is such passes, which an empty scene has
too. Here surfaces are drawn once, straight to what is read. Owns which scenes can be drawn so
(`rules`), what is kept of their meshes (`shapes`), and that the picture is Workbench's to 1/255:
the first of each kind is drawn both ways and compared. Everything else is drawn as before.
"""
