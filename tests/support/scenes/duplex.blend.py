"""Sends back what it is sent, until it is told to stop."""

from blendtorch import btb

btargs, _ = btb.parse_blendtorch_args()
duplex = btb.DuplexChannel(btargs.btsockets["CTRL"], btid=btargs.btid, lingerms=60_000)
while True:
    message = duplex.recv()
    if message.get("stop"):
        break
    duplex.send(echo=message)
duplex.send(stopped=True)
duplex.close()
