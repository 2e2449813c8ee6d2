"""What scripts that capture passes begin with."""

SCENE = """
from blendtorch.btb.passes import Capture, Display, Lacks

def scene_of(shape=(48, 64), engine="CYCLES"):
    scene = cubes.empty_scene(shape[1], shape[0])
    scene.render.engine = engine
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    # Rays through the centres of pixels only.
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
    return scene

def captured(passes, display=None, **more):
    capture = Capture({name: {} for name in passes}, display=display, **more)
    try:
        if {"segmentations", "materials"} & set(passes):
            things = capture.things()
            capture.give(dict(
                instances={one.name: [n, 0] for n, one in enumerate(things.objects, 1)},
                materials={name: n for n, name in enumerate(things.materials, 1)}))
        return capture.render()
    finally:
        capture.release()

def keyed(obj, path, values, interpolation="LINEAR"):
    for frame, value in values:
        setattr(obj, path, value)
        obj.keyframe_insert(path, frame=frame)
    for _, curve in btb.runtime.slotted(obj.animation_data.action):
        for key in curve.keyframe_points:
            key.interpolation = interpolation

def eye():
    cam = btb.Camera()
    return np.array(cam.view_matrix), np.array(cam.proj_matrix)

def pixels_of(points, view, projection, shape):
    '''Where points (H x W x 3) are seen: x right, y up, from the lower left corner.'''
    clip = np.concatenate([points, np.ones((*points.shape[:2], 1))], -1) @ (projection @ view).T
    return (clip[..., :2] / clip[..., 3:] + 1) / 2 * (shape[1], shape[0])
"""
