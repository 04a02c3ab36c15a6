"""A network namespace in which every address leads to this machine.

Owns entering it. There is no interface but loopback, so nothing can leave. "No route" would not do: an error that the
product swallows is an attempt all the same. Hence everything in the world is routed to loopback, where it finds nobody
listening and can be seen (``watch.py``); names are asked of a server that does not exist, because a lookup is an
attempt, too. As root, or in a user namespace where the kernel grants one; the user stays the same.

Usage::

    why_not()       # None: it can be done here
    enter()         # this process and all its children, for good; before any thread is started
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
import tempfile
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_SIOCSIFFLAGS, _SIOCSIFADDR, _IFF_UP = 0x8914, 0x8916, 0x1
_RTM_NEWROUTE, _NLM_REQUEST_ACK_CREATE = 24, 0x1 | 0x4 | 0x400
_TABLE_LOCAL, _PROTOCOL_BOOT, _LOCAL, _MULTICAST, _RTA_DST, _RTA_OIF = 255, 3, 2, 5, 1, 4
_ROUTE_HEADERS = 16 + 12
RESOLVER = "198.51.100.53"
"""Kept for documentation (RFC 5737): no machine has it."""
OWN_V6 = "2001:db8::1"
"""Without a global address of its own, a machine does not even try IPv6."""


def why_not() -> str | None:
    """Why there can be no namespace here, or ``None``."""
    if sys.platform != "linux":
        return "network namespaces are a thing of Linux"
    child = os.fork()
    if child == 0:  # pragma: no cover -- in the child
        status = 1
        try:
            enter()
            status = 0
        except OSError as error:
            os.write(2, f"airgap: {error}\n".encode())
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        return None
    return "this process may not make a network namespace (neither root nor user namespaces)"


def enter() -> None:
    """Raises: OSError where the kernel refuses."""
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    is_root = uid == 0
    _checked(libc.unshare(_CLONE_NEWNET | _CLONE_NEWNS | (0 if is_root else _CLONE_NEWUSER)), "unshare")
    if not is_root:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    _checked(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount")
    _ask_nobody(libc, "/etc/resolv.conf", f"nameserver {RESOLVER}\noptions timeout:1 attempts:1\n")
    _ask_nobody(libc, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    _bring_up_loopback()
    for family, multicast in ((socket.AF_INET, ("224.0.0.0", 4)), (socket.AF_INET6, ("ff00::", 8))):
        _route(family, None, _LOCAL)
        _route(family, multicast, _MULTICAST)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _ask_nobody(libc: ctypes.CDLL, path: str, content: str) -> None:
    real = Path(path).resolve()
    if not real.is_file():
        return
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    _checked(libc.mount(file.name.encode(), str(real).encode(), None, _MS_BIND, None), f"mount {real}")
    Path(file.name).unlink()


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", _IFF_UP, b""))
    if not Path("/proc/net/if_inet6").exists():
        return
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        address = socket.inet_pton(socket.AF_INET6, OWN_V6)
        fcntl.ioctl(control, _SIOCSIFADDR, address + struct.pack("Ii", 128, socket.if_nametoindex("lo")))


def _route(family: socket.AddressFamily, destination: tuple[str, int] | None, kind: int) -> None:
    """As ``ip route add local default dev lo`` does it, where there may be no ``ip``."""
    if family == socket.AF_INET6 and not Path("/proc/net/if_inet6").exists():
        return
    length = destination[1] if destination else 0
    scope = 254 if family == socket.AF_INET and kind == _LOCAL else 0
    route = struct.pack("BBBBBBBBI", family, length, 0, 0, _TABLE_LOCAL, _PROTOCOL_BOOT, scope, kind, 0)
    attributes = struct.pack("HHI", 8, _RTA_OIF, socket.if_nametoindex("lo"))
    if destination:
        address = socket.inet_pton(family, destination[0])
        attributes += struct.pack("HH", 4 + len(address), _RTA_DST) + address
    message = struct.pack("IHHII", _ROUTE_HEADERS + len(attributes), _RTM_NEWROUTE, _NLM_REQUEST_ACK_CREATE, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.sendto(message + route + attributes, (0, 0))
        answer = netlink.recv(4096)
    code = struct.unpack("i", answer[16:20])[0]
    if code:
        raise OSError(-code, f"route: {os.strerror(-code)}")
