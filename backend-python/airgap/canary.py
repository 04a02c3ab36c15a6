"""Tries to leave this machine in every way that the watch must see: the proof begins with it, so that it can fail.

Usage::

    python -m airgap.canary
"""

import socket
from contextlib import suppress

TCP_V4, TCP_V6, UDP_V4, MULTICAST = "198.51.100.7", "2001:db8:ffff::7", "203.0.113.9", "239.255.255.250"
NAME = "telemetry.example"


def attempts() -> None:
    with suppress(OSError):
        socket.create_connection((TCP_V4, 443), timeout=2).close()
    with suppress(OSError):
        socket.create_connection((TCP_V6, 443), timeout=2).close()
    with suppress(OSError):
        socket.getaddrinfo(NAME, 443)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for address in (UDP_V4, MULTICAST):
            with suppress(OSError):
                sender.sendto(b"statistics", (address, 4317))
    with suppress(OSError):  # a server on this machine: not seen
        socket.create_connection(("127.0.0.1", 9), timeout=2).close()


if __name__ == "__main__":
    attempts()
