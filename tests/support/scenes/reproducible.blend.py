"""Random pictures that a seed gives again: drawn by Workbench, and by Cycles with its noise.

episode  which episode it is, as `index` says which frame of it
drawn    uint8 48 × 64 × 3, by Workbench
traced   float32 48 × 64 × 3, by Cycles on the processor
numbers  float64 3: of `random`, of `numpy.random`, and of a generator with the sample's seed
"""

import argparse
import random
import sys
from pathlib import Path

import bpy
import numpy as np
from blendtorch import btb

sys.path.append(str(Path(__file__).parents[3] / "examples" / "datagen"))
import cubes

btargs, remainder = btb.parse_blendtorch_args()
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--episodes", type=int)
parser.add_argument("--frames", type=int)
opts = parser.parse_args(remainder)

# Grey things in the light of a sky: each pixel of few samples is noise.
scene = cubes.empty_scene(64, 48)
cubes.set_background((0.5, 0.5, 0.6))
cam = cubes.camera(look_from=(6, -6, 5), look_at=(0, 0, 0))
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -1))
bpy.ops.mesh.primitive_monkey_add()
monkey = bpy.context.active_object
# As many scenes are made: before the first episode, with the run's seed.
monkey.scale = np.random.default_rng(btargs.btseed).uniform(0.8, 1.2, size=3)

off = btb.OffScreenRenderer(cam, mode="rgb")
off.set_render_style("SOLID")
renderer = btb.Renderer(("linear",), cam, "CYCLES", samples=2)
pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid)


def randomise(anim):
    rng = np.random.default_rng(anim.sample_seed)
    anim.numbers = np.array([random.random(), np.random.rand(), rng.random()])
    monkey.rotation_euler = 6 * anim.numbers
    monkey.location = rng.uniform(-1, 1, size=3)
    # Cycles takes its noise from its own seed, which is 31 bits.
    scene.cycles.seed = anim.sample_seed % 2**31


def publish(anim):
    pub.publish(
        episode=anim.episode,
        index=anim.index,
        drawn=off.render(),
        traced=renderer.render()["linear"],
        numbers=anim.numbers,
    )


anim = btb.AnimationController()
anim.pre_frame.add(randomise, anim)
anim.post_frame.add(publish, anim)
anim.post_play.add(pub.close)
anim.play((1, opts.frames), num_episodes=opts.episodes)
