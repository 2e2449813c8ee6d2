"""Says which Blender this is, and what draws in it."""

from blendtorch import btb

btargs, _ = btb.parse_blendtorch_args()
with btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=60_000) as pub:
    pub.publish(**btb.rendering.describe())
