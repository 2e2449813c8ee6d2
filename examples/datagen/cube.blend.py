"""A cube that turns and moves: publishes its image and where its eight corners are.

image    uint8 height × width × 3, linear RGB, row 0 at the top
xy       float32 8 × 2, pixels of the corners in the order of `cubes.CORNERS`
frameid  the frame of the animation
"""

import sys
from pathlib import Path

import numpy as np
from blendtorch import btb

sys.path.append(str(Path(__file__).parent))
import cubes

# What the launcher says comes first, then what is ours.
btargs, remainder = btb.parse_blendtorch_args()
opts = cubes.options(remainder, __doc__)

# The scene.
scene = cubes.empty_scene(opts.width, opts.height)
cube = cubes.colored_cube("cube")
cube.scale = (0.8, 0.8, 0.8)
cam = cubes.camera(look_from=(6, -6, 5), look_at=(0, 0, 0))

# Ways out: into memory, and from there to whoever trains.
off = btb.OffScreenRenderer(cam, mode="rgb")
pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)
about = {}
if opts.describe:
    about = {key: btb.rendering.describe()[key] for key in ("blender", "engine")}


def randomise(anim):
    # The same seed on the command line gives the same frames again.
    rng = np.random.default_rng(anim.sample_seed)
    cube.rotation_euler = rng.uniform(-0.6, 0.6, size=3)
    cube.location = rng.uniform(-0.75, 0.75, size=3)
    cubes.set_background(rng.uniform(0.0, 0.3, size=3))


def publish(anim):
    xy = cam.object_to_pixel(cube).astype(np.float32)
    pub.publish(image=off.render(), xy=xy, frameid=anim.frameid, **about)


anim = btb.AnimationController()
anim.pre_frame.add(randomise, anim)
anim.post_frame.add(publish, anim)
anim.post_play.add(pub.close)
anim.play(frame_range=(1, 100), num_episodes=opts.episodes)
