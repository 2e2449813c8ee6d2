"""Surfaces that we draw ourselves beside what Blender's 3D view draws of them, in real Blenders."""

from pathlib import Path

from support.runtimes import Runtime

SCENE = """
from blendtorch.btb.solid.picture import Solid
scene = cubes.empty_scene(160, 120)
scene.render.engine = "BLENDER_WORKBENCH"
rng = np.random.default_rng(7)
def material(color, roughness=0.4, metallic=0.0):
    made = bpy.data.materials.new("material")
    made.diffuse_color, made.roughness, made.metallic = (*color, 1.0), roughness, metallic
    return made
def monkey(at, *materials, smooth=True):
    bpy.ops.mesh.primitive_monkey_add(location=at, rotation=rng.uniform(-3, 3, 3))
    obj = bpy.context.object
    obj.data.polygons.foreach_set("use_smooth", [smooth] * len(obj.data.polygons))
    for one in materials:
        obj.data.materials.append(one)
    return obj
red, blue = material((0.8, 0.1, 0.1), 0.2), material((0.1, 0.2, 0.9), 0.7, 0.6)
first = monkey((-2, 0, 0), red)
second = monkey((0, 0, 0), red, blue, smooth=False)
for n, face in enumerate(second.data.polygons):
    face.material_index = n % 2
third = monkey((2, 0, 0))
third.modifiers.new("thick", "SOLIDIFY")
third.scale = (1, -1, 1.5)
cam = cubes.camera((0, -7, 1), (0, 0, 0))

def theirs(renderer):
    '''What the same renderer gives by Blender's own drawing.'''
    before = Solid.draw
    def refuse(self, *args, **more):
        self.reason = "a test"
        return False
    Solid.draw = refuse
    try:
        return renderer.render()
    finally:
        Solid.draw = before

def apart(renderer):
    '''The part of pixels that differ by more than 2/255.'''
    other, ours = theirs(renderer), renderer.render()
    return float((np.abs(ours.astype(int) - other).max(2) > 2).mean())
"""


def test_surfaces_are_those_that_blender_draws_and_follow_every_change(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
off = btb.OffScreenRenderer(cam)
off.set_render_style("SOLID")
image = off.render()
found = dict(first=apart(off))
ways = [off.drawn_by_blender]
def then(name, act):
    before = off.render()
    act()
    found[name] = apart(off)
    after = off.render()
    ways.append(off.drawn_by_blender)
    assert (before != after).any(), f"{name} is seen"
then("moved", lambda: setattr(first, "location", (-1.5, 0, 0.5)))
then("colour", lambda: setattr(red, "diffuse_color", (0.1, 0.9, 0.2, 1)))
then("roughness", lambda: setattr(red, "roughness", 0.9))
def bend():
    for vertex in first.data.vertices: vertex.co.z *= 1.5
    first.data.update()
then("bent", bend)
then("modifier", lambda: setattr(third.modifiers[0], "thickness", 0.3))
def flat():
    first.data.polygons.foreach_set("use_smooth", [False] * len(first.data.polygons))
    first.data.update()
then("flat", flat)
then("faces", lambda: setattr(second.data.polygons[0], "material_index", 1) or [
    setattr(face, "material_index", 1) for face in second.data.polygons] and second.data.update())
def instance():
    group = bpy.data.collections.new("group")
    group.objects.link(first)
    empty = bpy.data.objects.new("instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", group
    empty.location = (1.5, 0, 1.5)
    scene.collection.objects.link(empty)
then("instance", instance)
then("hidden", lambda: setattr(third, "hide_viewport", True))
then("gone", lambda: bpy.data.objects.remove(second))
then("lens", lambda: setattr(cam.bpy_camera.data, "lens", 35))
then("orthographic", lambda: setattr(cam.bpy_camera.data, "type", "ORTHO"))
def shine(): off.space.shading.show_specular_highlight = False; scene.update_tag()
then("no highlights", shine)
def plain(): off.space.shading.light = "FLAT"; scene.update_tag()
then("flat light", plain)
def object_colors(): off.space.shading.color_type = "OBJECT"; scene.update_tag()
then("colours of objects", object_colors)
def ground():
    off.space.shading.background_type = "VIEWPORT"
    off.space.shading.background_color = (0.2, 0.4, 0.9)
    scene.update_tag()
then("ground", ground)
rendered = btb.OffScreenRenderer(cam, mode="rgb", srgb=True)
found["rendered"] = apart(rendered)
for number in range(3):  # A ground that a script sets for each picture.
    scene.world.color = rng.uniform(0, 1, 3)
    found[f"ground {number}"] = apart(rendered)
ways.append(rendered.drawn_by_blender)
if btb.runtime.leaves_background_out():
    scene.render.film_transparent = True
    found["clear"] = apart(btb.OffScreenRenderer(cam))
report(ways=ways, **found)
""",
    )
    ways = got.pop("ways")
    assert ways == [None] * len(ways)
    # Along edges, and in the sharpest highlights, a pixel may be another one's.
    assert {name: part for name, part in got.items() if part > 0.002} == {}


def test_what_would_look_otherwise_is_drawn_by_blender_and_the_reason_is_said(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SCENE
        + """
off = btb.OffScreenRenderer(cam)
off.set_render_style("SOLID")
shading = off.space.shading
found = {}
off.render()
told = [btb.rendering.describe()["drawn"]]
def why(name, owner, key, value):
    before = getattr(owner, key)
    before = tuple(before) if isinstance(value, tuple) else before
    setattr(owner, key, value)
    scene.update_tag()
    off.render()
    found[name] = [off.drawn_by_blender, apart(off)]
    setattr(owner, key, before)
    scene.update_tag()
for name, value in (("show_shadows", True), ("show_cavity", True), ("show_xray", True),
                    ("show_backface_culling", True), ("show_object_outline", True),
                    ("light", "MATCAP"), ("color_type", "RANDOM"), ("use_dof", True)):
    why(name, shading, name, value)
why("world", shading, "use_world_space_lighting", True)
why("overlays", off.space.overlay, "show_overlays", True)
why("sheer", red, "diffuse_color", (1, 0, 0, 0.5))
why("front", first, "show_in_front", True)
why("wire", first, "display_type", "WIRE")
finer = third.modifiers.new("finer", "SUBSURF")
why("finer", finer, "levels", 1)
why("smooth", bpy.context.preferences.system, "viewport_aa", "8")
why("polished", blue, "roughness", 0.0)
third.modifiers.remove(finer)
bpy.ops.object.text_add()
why("text", bpy.context.object, "name", "words")
bpy.ops.object.delete()
off.render()
back = off.drawn_by_blender
eevee = btb.OffScreenRenderer(cam)
scene.render.engine = btb.rendering.eevee()
found["engine"] = [eevee._try_solid(eevee.space, eevee.region, True), 0.0]
why("told", shading, "show_shadows", True)
told.append(btb.rendering.describe()["drawn"])
del found["told"]
report(back=back, found=found, told=told)
""",
    )
    assert got["back"] is None
    assert got["told"] == ["blendtorch", "blender: shadows"]
    reasons = {name: why for name, (why, _) in got["found"].items()}
    assert reasons == {
        "show_shadows": "shadows",
        "show_cavity": "cavity",
        "show_xray": "X-ray",
        "show_backface_culling": "backface culling",
        "show_object_outline": "outlines",
        "light": "light MATCAP",
        "color_type": "colours of the kind RANDOM",
        "use_dof": "depth of field",
        "world": "lights of the world's space",
        "overlays": "overlays",
        "sheer": "a surface that is seen through",
        "front": "an object in front of all",
        "wire": "an object shown as WIRE",
        "smooth": "smoothing",
        "polished": "a metal that is polished",
        "finer": "a surface that the graphics library subdivides",
        "text": "an object of type FONT",
        "engine": "another engine than Workbench",
    }
    assert all(part == 0 for _, part in got["found"].values()), got["found"]


def test_a_picture_that_differs_from_blenders_is_left_to_blender(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SCENE
        + """
from blendtorch.btb.solid import looks
before = looks.packed
looks.packed = lambda roughness, metalness: 32.0 * 7 + 15  # All is metal.
try:
    off = btb.OffScreenRenderer(cam)
    off.set_render_style("SOLID")
    off.render()
    report(why=off.drawn_by_blender, apart=apart(off))
finally:
    looks.packed = before
""",
    )
    assert got == {"why": "its picture differs from Blender's", "apart": 0.0}


def test_passes_of_surfaces_are_those_of_blender_but_for_finer_normals(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
passes = ("depth", "normal", "instance", "material", "points")
renderer = btb.Renderer(passes=passes, engine="WORKBENCH", camera=cam)
other, ours = theirs(renderer), renderer.render()
same = {name: float((ours[name] == other[name]).mean()) for name in ("instance", "material")}
same["depth"] = float(np.isclose(ours["depth"], other["depth"], rtol=1e-4).mean())
a, b = ours["normal"], other["normal"]
there = (np.linalg.norm(a, axis=2) > 0.5) & (np.linalg.norm(b, axis=2) > 0.5)
angle = np.degrees(np.arccos(np.clip((a * b).sum(2)[there], -1, 1)))
surfaces = renderer._surfaces
report(same=same, angle=[float(np.median(angle)), float(np.percentile(angle, 95))],
       there=float((there == np.isfinite(ours["depth"])).mean()), drawn=surfaces._solid.reason,
       ids=len(np.unique(ours["instance"])), length=float(np.abs(
           np.linalg.norm(a[there], axis=1) - 1).max()))
""",
    )
    assert got["drawn"] is None
    assert min(got["same"].values()) > 0.998, got["same"]
    assert got["there"] > 0.998 and got["ids"] == 4
    assert got["angle"][0] < 0.3 and got["angle"][1] < 2, got["angle"]
    assert got["length"] < 1e-5


def test_one_surface_is_not_taken_for_another(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
off = btb.OffScreenRenderer(cam)
off.set_render_style("SOLID")
found, ways = {}, []
def then(name):
    found[name] = apart(off)
    ways.append(off.drawn_by_blender)
first.modifiers.new("thick", "SOLIDIFY").thickness = 0.5
then("before")
name = third.name
bpy.data.objects.remove(third)
first.name = name
then("another of the same name")
# What a handler changes Blender evaluates without a word to other handlers.
def bend(*_):
    second.data.vertices[0].co.z += 3
    second.data.update()
bpy.app.handlers.frame_change_post.append(bend)
scene.frame_set(7)
then("changed by a handler")
bpy.app.handlers.frame_change_post.clear()
bpy.app.handlers.depsgraph_update_post.clear()
second.data.vertices[0].co.z -= 3
second.data.update()
then("changed unheard")
scene.world = None
rendered = btb.OffScreenRenderer(cam)
found["no world"] = apart(rendered)
# Two that lie in one plane.
red.roughness = blue.roughness = 0.9
bpy.ops.mesh.primitive_plane_add(size=3, location=(0, -3, 0), rotation=(1.57, 0, 0))
bpy.context.object.data.materials.append(red)
bpy.ops.mesh.primitive_plane_add(size=2, location=(0.4, -3, 0), rotation=(1.57, 0, 0))
bpy.context.object.data.materials.append(blue)
then("in one plane")
report(ways=ways, **found)
""",
    )
    ways = got.pop("ways")
    assert ways == [None] * len(ways)
    assert {name: part for name, part in got.items() if part > 0.002} == {}
