"""What a worker opens, and what it says of it."""

from pathlib import Path

from support.runtimes import Runtime
from support.workers import reported

OPEN = """
def text(path):
    new_scene()
    cube, camera = bpy.data.objects["Cube"], bpy.data.objects["Camera"]
    module = bpy.data.texts.new("register.py")
    module.use_module = True
    module.write("import bpy\\nbpy.app.driver_namespace['RAN'] = 1\\n"
                 "def watch(scene): pass\\nbpy.app.handlers.frame_change_pre.append(watch)\\n"
                 "stays = bpy.app.handlers.persistent(lambda scene: None)\\n"
                 "bpy.app.handlers.frame_change_post.append(stays)\\n")
    driver = cube.driver_add("location", 1).driver
    driver.use_self, driver.expression = True, "3 + 0 * self.location.x"
    image = bpy.data.images.new("Wood", 4, 4)
    image.source, image.filepath, image.use_fake_user = "FILE", "//none/wood.png", True
    cube["image"] = image
    return save(path)

file = text("text.blend")
# A library that is gone.
new_scene()
library = save("library.blend")
new_scene()
with bpy.data.libraries.load(library, link=True) as (there, linked):
    linked.objects = ["Cube"]
bpy.context.scene.collection.objects.link(linked.objects[0])
users = save("users.blend")
assert ok(worker.open(scene=users))["libraries"] == [library]
os.remove(library)
about = ok(worker.open(scene=users))
assert about["warnings"] == [
    f"the library {library} is missing: what it holds is not rendered"], about
for autoexec in (False, True, False):
    about = ok(worker.open(scene=file, autoexec=autoexec))
    bpy.context.scene.frame_set(3)
    y = bpy.data.objects["Cube"].matrix_world.translation.y
    # What an earlier file has left is gone.
    assert ("RAN" in bpy.app.driver_namespace) == autoexec
    after = bpy.app.handlers.frame_change_post
    assert any("text.blend" in one.__code__.co_filename for one in after) == autoexec
    assert (y == 3) == autoexec, y
    told = " ".join(about["sequential"])
    assert ("watch" in told and "Cube.location[1] uses `self`" in told) == autoexec, told
    told = " ".join(about["warnings"])
    assert ("do not run without autoexec=True" in told) != autoexec
    assert f"{folder}/none/wood.png is missing" in told
assert about["frame_start"] == 1 and about["frame_end"] == 5 and about["frame_step"] == 1
assert about["fps"] == 24 and about["engine"] == "CYCLES" and about["camera"] == "Camera"
assert about["resolution"] == [48, 64] and about["libraries"] == []
assert about["version"] == ".".join(map(str, bpy.app.version))
render = bpy.context.scene.render
assert render.use_persistent_data and not render.film_transparent
ok(worker.close())
assert "RuntimeError: no scene is open" in refused("original_fps")

# What cannot be opened.
new_scene().camera = None
bpy.context.scene.name = "Bare"
bare = save("bare.blend")
open(f"{folder}/text.txt.blend", "w").write("no scene")
from blendtorch.btb.worker.header import version_of
bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/packed.blend", compress=True)
assert open(f"{folder}/packed.blend", "rb").read(7) != b"BLENDER"
for path in (bare, f"{folder}/packed.blend"):
    assert version_of(pathlib.Path(path)) == bpy.app.version[:2]
open(f"{folder}/new.blend", "wb").write(b"BLENDER17-01v0999" + bytes(99))
report(
    missing=error(worker.open(scene=f"{folder}/none.blend")),
    folder=error(worker.open(scene=folder)),
    broken=error(worker.open(scene=f"{folder}/text.txt.blend")),
    newer=error(worker.open(scene=f"{folder}/new.blend")),
    bare=error(worker.open(scene=bare)),
    option=error(worker.open(scene=file, options={"load_gui": False})),
    taken=error(worker.open(scene=file, options={"use_scripts": True})),
    ui=ok(worker.open(scene=file, options={"load_ui": False}))["camera"],
)
"""


def test_a_file_is_opened_as_it_was_asked_and_says_what_is_wrong(
    runtime: Runtime, tmp_path: Path
) -> None:
    said = reported(runtime, tmp_path, OPEN)
    expected = {
        "missing": f"FileNotFoundError: {tmp_path}/none.blend: there is no such file; give",
        "folder": f"RuntimeError: {tmp_path} is no file",
        "broken": f"RuntimeError: {tmp_path}/text.txt.blend does not open in Blender",
        "newer": f"RuntimeError: {tmp_path}/new.blend was saved by Blender 9.99, and this is",
        "bare": f"ValueError: {tmp_path}/bare.blend: its scene 'Bare' has no camera",
        "option": "ValueError: open: bpy.ops.wm.open_mainfile has no option load_gui",
        "taken": "ValueError: open: use_scripts cannot be an option",
    }
    for name, text in expected.items():
        assert said[name].startswith(text), said[name]
    assert said["ui"] == "Camera"


REASONS = """
scene = new_scene()

def add(name, kind=None, **location):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=2, y_subdivisions=2)
    bpy.context.object.name = name
    if kind:
        bpy.context.object.modifiers.new(kind.title(), kind)
    return bpy.context.object

def zones(name):
    tree = bpy.data.node_groups.new(name, "GeometryNodeTree")
    into = tree.nodes.new("GeometryNodeSimulationInput")
    tree.nodes.new("GeometryNodeSimulationOutput")
    into.pair_with_output(tree.nodes[-1])
    return tree

bpy.ops.rigidbody.world_add()
for name, kind in (("Floor", "PASSIVE"), ("Stone", "ACTIVE")):
    add(name)
    bpy.ops.rigidbody.object_add(type=kind)
add("Flag", "CLOTH")
add("Jelly", "SOFT_BODY")
add("Hidden", "CLOTH").modifiers[0].show_render = False
bpy.context.view_layer.objects.active = add("Canvas", "DYNAMIC_PAINT")
bpy.ops.dpaint.type_toggle(type="CANVAS")
add("Smoke", "FLUID").modifiers[0].fluid_type = "DOMAIN"
add("Rain", "PARTICLE_SYSTEM")
add("Fur", "PARTICLE_SYSTEM").particle_systems[0].settings.type = "HAIR"
expected = ["Stone", "Flag", "Jelly", "Canvas", "Smoke", "Rain"]
if hasattr(bpy.types, "GeometryNodeSimulationInput"):
    add("Zones", "NODES").modifiers[0].node_group = zones("zones")
    expected.append("Zones")
told = ok(worker.open(scene=save()))["sequential"]
assert len(told) == len(expected), told
for name in expected:
    assert any(name in reason for reason in told), (name, told)
assert "cloth 'Cloth' of 'Flag' is not baked" in told
# Baked, it is no reason.
scene = bpy.context.scene
scene.frame_end = scene.rigidbody_world.point_cache.frame_end = 3
with bpy.context.temp_override(point_cache=scene.rigidbody_world.point_cache):
    bpy.ops.ptcache.bake(bake=True)
told = ok(worker.open(scene=save("baked.blend")))["sequential"]
assert not any("Stone" in reason for reason in told), told
ok(worker.open(scene=save("none.blend") if new_scene() else None))
report()
"""


def test_what_depends_on_the_frame_before_is_named(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, REASONS)
