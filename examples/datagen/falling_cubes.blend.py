"""Cubes that fall onto a floor: publishes their image and where all their corners are.

    image    uint8 height × width × 3, linear RGB, row 0 at the top
    xy       float32 8·cubes × 2, pixels of the corners, cube after cube, each in the order of
             `cubes.CORNERS`
    frameid  the frame of the animation

Each episode drops them anew.
"""

import sys
from pathlib import Path

import bpy
import numpy as np
from blendtorch import btb

sys.path.append(str(Path(__file__).parent))
import cubes

# Where cubes start, from above: far enough apart that no two overlap.
PLACES = [(x, y) for x in (-4.4, 0, 4.4) for y in (-2.2, 2.2)]

btargs, remainder = btb.parse_blendtorch_args()
opts = cubes.options(remainder, __doc__)

# The scene: a floor, cubes above it, and a camera.
scene = cubes.empty_scene(opts.width, opts.height)
cubes.set_background((0.2, 0.2, 0.25))
cam = cubes.camera(look_from=(0, -20, 8), look_at=(0, 0, 2.5))
bpy.ops.mesh.primitive_plane_add(size=40)
floor = bpy.context.active_object
floor.data.materials.append(cubes.plain_material("floor", (0.08, 0.08, 0.08)))
falling = [cubes.colored_cube(f"cube {i}") for i in range(len(PLACES))]

# What moves by itself, and what it falls on.
for obj, kind in [(floor, "PASSIVE"), *((cube, "ACTIVE") for cube in falling)]:
    with bpy.context.temp_override(object=obj, active_object=obj):
        bpy.ops.rigidbody.object_add(type=kind)
    obj.rigid_body.collision_shape = "BOX"

off = btb.OffScreenRenderer(cam, mode="rgb")
pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)
about = {}
if opts.describe:
    about = {key: btb.rendering.describe()[key] for key in ("blender", "engine")}


def drop(anim):
    # Once an episode: the frames in between belong to physics.
    rng = np.random.default_rng(anim.episode_seed)
    for cube, place in zip(falling, rng.permutation(PLACES), strict=True):
        cube.location = (*(place + rng.uniform(-0.4, 0.4, size=2)), rng.uniform(3, 6))
        cube.rotation_euler = rng.uniform(-np.pi, np.pi, size=3)


def publish(anim):
    xy = cam.object_to_pixel(*falling).astype(np.float32)
    pub.publish(image=off.render(), xy=xy, frameid=anim.frameid, **about)


anim = btb.AnimationController()
anim.pre_animation.add(drop, anim)
anim.post_frame.add(publish, anim)
anim.post_play.add(pub.close)
anim.play(frame_range=(1, 60), num_episodes=opts.episodes)
