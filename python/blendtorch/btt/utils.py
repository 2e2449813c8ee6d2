"""What the original has under this name."""

import socket


def get_primary_ip() -> str:
    """The address by which this host reaches others: that of the default route, or 127.0.0.1 where
    there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # An address that is nobody's; to connect a datagram socket sends nothing.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address
