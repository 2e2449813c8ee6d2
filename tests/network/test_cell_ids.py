"""Which pixel shows which cell, against spheres that are intersected by hand."""

from pathlib import Path

from support.networks import PRELUDE, unpacked
from support.runtimes import Runtime

EXPECTED = """
def expected(scene, populations, names):
    "The number of the first sphere on the ray through the middle of each pixel."
    width, height = scene.render.resolution_x, scene.render.resolution_y
    eye = scene.camera
    pose = np.array(eye.matrix_world)
    tr, br, bl, tl = (np.array(corner) for corner in eye.data.view_frame(scene=scene))
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x[..., None] + 0.5) / width, 1 - (y[..., None] + 0.5) / height
    rays = (bl + (br - bl) * u + (tl - bl) * v) @ pose[:3, :3].T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    nearest, numbers, number = np.full((height, width), np.inf), np.zeros((height, width), int), 1
    for name in names:
        for at, radius in zip(populations[name].locations, populations[name].radii):
            to = at - pose[:3, 3]
            along = rays @ to
            off = to @ to - along**2
            first = along - np.sqrt(np.maximum(radius**2 - off, 0))
            better = (off < radius**2) & (first < nearest)
            nearest[better], numbers[better] = first[better], number
            number += 1
    return numbers
"""


def test_a_pixel_has_the_number_of_the_cell_that_it_shows(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        unpacked(tmp_path),
        PRELUDE
        + EXPECTED
        + """
out = {}
made = network.show(plain(resolution="200x150", results=SPIKES, legend=True, axes=True))
scene = bpy.context.scene
for engine in ("CYCLES", "BLENDER_WORKBENCH"):
    scene.render.engine = engine
    network.settle(scene)
    scene.frame_set(60)
    before = [scene.render.engine, scene.cycles.samples, scene.render.film_transparent,
              len(bpy.data.materials), len(bpy.data.objects["golgi_cell"].data.attributes)]
    ids = network.cell_ids(scene)
    wanted = expected(scene, made.populations, ids.names)
    cells = wanted > 0
    out[engine] = {
        "differ": float((ids.numbers != wanted)[cells].mean()),
        "beside": float((ids.numbers != wanted)[~cells].mean()),
        "as before": before == [
            scene.render.engine, scene.cycles.samples, scene.render.film_transparent,
            len(bpy.data.materials), len(bpy.data.objects["golgi_cell"].data.attributes)],
        "names": ids.names, "firsts": ids.firsts, "counts": ids.counts, "shape": ids.numbers.shape,
        "share": float(cells.mean())}
ids = network.cell_ids(scene)
row = int(ids.rows("golgi_cell").max())
out["row"] = [bool((ids.of("golgi_cell", row) == (ids.rows("golgi_cell") == row)).all()),
              int(ids.of("golgi_cell", row).sum()) > 0, ids.ids["golgi_cell"][:3].tolist()]
out["errors"] = [error_of(lambda: ids.of("purkinje")), error_of(lambda: ids.of("golgi_cell", 30))]
made = network.show(plain(resolution="200x150", draw_as="objects", axes=True))
of_objects = network.cell_ids(scene)
out["objects"] = [float((of_objects.numbers != ids.numbers).mean()), of_objects.counts,
                  "cell_number" in bpy.data.objects["golgi_cell #10"]]
scene.camera = None
out["no camera"] = error_of(lambda: network.cell_ids(scene))
report(**out)
""",
        str(tmp_path),
    )
    for engine, most in (("CYCLES", 0.002), ("BLENDER_WORKBENCH", 0.15)):
        found = got[engine]
        assert found["names"] == ["golgi_cell", "granule_cell", "stellate_cell"]
        assert found["firsts"] == [1, 31, 451] and found["counts"] == [30, 420, 50]
        assert found["shape"] == [150, 200] and found["share"] > 0.03
        # Workbench draws surfaces of few faces, which are a little smaller than spheres.
        assert found["differ"] <= most and found["beside"] <= 0.002, engine
        assert found["as before"]
    assert got["row"] == [True, True, [10, 11, 12]]
    assert "no population 'purkinje'" in got["errors"][0] and "no row 30" in got["errors"][1]
    assert got["objects"][0] < 0.03 and got["objects"][1:] == [[30, 420, 50], False]
    assert "camera" in got["no camera"]
