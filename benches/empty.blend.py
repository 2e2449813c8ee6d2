"""Says that it is there, and nothing else: what is left is the time to launch."""

from blendtorch import btb

btargs, _ = btb.parse_blendtorch_args()
with btb.DataPublisher(btargs.btsockets["DATA"], btargs.btid, lingerms=60_000) as pub:
    pub.publish(there=True)
