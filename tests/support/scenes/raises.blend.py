"""Publishes the number of each frame; instance 1 raises, at the start or in a frame."""

import argparse

from blendtorch import btb

btargs, remainder = btb.parse_blendtorch_args()
parser = argparse.ArgumentParser()
parser.add_argument("--raise-at", default="never", help='"start", or the number of a frame')
parser.add_argument("--episodes", type=int, default=3)
opts = parser.parse_args(remainder)
raise_at = opts.raise_at if btargs.btid == 1 else "never"

if raise_at == "start":
    raise ValueError("this scene was not to start")

pub = btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=5000)
anim = btb.AnimationController()


def publish() -> None:
    if str(anim.frameid) == raise_at:
        raise ValueError(f"frame {anim.frameid} was not to come")
    pub.publish(frameid=anim.frameid)


anim.post_frame.add(publish)
anim.post_play.add(pub.close)
anim.play(frame_range=(1, 150), num_episodes=opts.episodes)
