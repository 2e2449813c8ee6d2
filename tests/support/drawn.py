"""A scene whose pictures and labels are compared, in Blender."""

SCENE = """
SIZE = 48
scene = cubes.empty_scene(SIZE, SIZE)
scene.cycles.filter_width = 0.01
things = bpy.data.collections.new("things")
scene.collection.children.link(things)
cam = cubes.camera((0, -10, 0), (0, 0, 0))
cam.bpy_camera.data.type, cam.bpy_camera.data.ortho_scale = "ORTHO", 8

def cube(name="thing", collection=things):
    made = cubes.colored_cube(name)
    scene.collection.objects.unlink(made)
    collection.objects.link(made)
    return made

def place():
    '''The layer collection of the things.'''
    return bpy.context.view_layer.layer_collection.children["things"]

def screen(depth=-3):
    '''A wall that stands before everything.'''
    made = cube("screen", scene.collection)
    made.scale, made.location.y = (4, 0.1, 4), depth
    return made

def drawn(engine, camera=cam):
    '''The box around what a renderer draws; None where there is nothing.'''
    if engine == "RENDER":
        return rendered()
    renderer = btb.Renderer(("depth",), camera, engine, samples=1 if engine == "CYCLES" else None)
    found = around(np.isfinite(renderer.render()["depth"]))
    renderer.free()
    return found

def rendered():
    '''The same of Blender's own render, with Workbench.'''
    scene.render.engine, scene.render.film_transparent = "BLENDER_WORKBENCH", True
    scene.display.render_aa = "OFF"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = sys.argv[-1]
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(sys.argv[-1])
    pixels = np.empty(SIZE * SIZE * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return around(pixels.reshape(SIZE, SIZE, 4)[::-1, :, 3] > 0)

def around(there):
    rows, columns = np.nonzero(there)
    if len(rows):
        return [int(v) for v in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)]

def seen(obj):
    return float(cam.visibility(obj, N=9)[0])

def told(obj):
    '''What annotation says of an object; None where a number is none.'''
    boxes, in_view = cam.boxes_2d(obj)
    xy, depth = cam.object_to_pixel(obj, return_depth=True)
    corners = cam.bbox_object_to_pixel(obj)
    solid = cam.boxes_3d(obj)
    def numbers(values):
        return [float(v) if np.isfinite(v) else None for v in np.ravel(values)]
    return dict(
        in_view=bool(in_view[0]), box=numbers(boxes[0]), visibility=seen(obj),
        pixels=numbers([*xy.min(axis=0), *xy.max(axis=0)]), depth=numbers([depth.min()]),
        corners=numbers([*corners.min(axis=0), *corners.max(axis=0)]), center=numbers(solid.center),
        count=[len(xy), len(corners)],
    )
"""
