"""Sees every attempt to leave this machine, whether it failed or not.

Owns one packet socket on loopback, inside a namespace where everything is routed there (``namespace.py``). The kernel
hands over only what is not for loopback, and every question for a name, so that nothing is lost among the traffic of
the database. What is seen is what was sent: the first packet of a TCP connection, any datagram.

Usage::

    with Watch() as watch:
        ...
    watch.attempts          # [Attempt("tcp", "93.184.216.34", 443, ...)]
"""

import ctypes
import ipaddress
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_SO_ATTACH_FILTER, _ETH_P_ALL, _PACKET_OUTGOING, _SOL_PACKET, _PACKET_STATISTICS = 26, 3, 4, 263, 6
_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP, _UDP, _ICMP, _ICMPV6, _DNS = 6, 17, 1, 58, 53
_SYN, _ACK = 0x02, 0x10
_KERNELS_OWN = {(_ICMP, 3), *((_ICMPV6, kind) for kind in (1, 130, 131, 132, 133, 134, 135, 136, 143))}
"""Answers that nobody listens, and what interfaces tell their neighbours: the kernel's, not a program's."""
_ACCEPT, _DROP = 0xFFFF, 0
_LD_H, _LD_B, _LD_W, _JEQ, _RET, _LDX_HEADER, _LD_H_X = 0x28, 0x30, 0x20, 0x15, 0x06, 0xB1, 0x48
_PROTOCOL_OF_PACKET = 0xFFFFF000
"""Where a filter reads the kind of packet (SKF_AD_OFF + SKF_AD_PROTOCOL)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    protocol: str
    address: str
    port: int
    wanted: str = ""
    """Of a question for a name: the name."""
    program: str = ""
    """Who it was, where it could still be seen."""

    def __str__(self) -> str:
        place = f"[{self.address}]" if ":" in self.address else self.address
        asked = f" asking for {self.wanted}" if self.wanted else ""
        return f"{self.protocol} {place}:{self.port}{asked}{f' by {self.program}' if self.program else ''}"


class Watch:
    """From ``with`` on; what was seen is in ``attempts``, each once."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._attach_filter()
        self._socket.bind(("lo", _ETH_P_ALL))
        self._socket.settimeout(0.1)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._seen: dict[tuple[str, str, int, str], Attempt] = {}

    @property
    def attempts(self) -> list[Attempt]:
        return list(self._seen.values())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What has arrived is read to its end. Raises: RuntimeError when the kernel had to drop something."""
        self._is_over.set()
        self._thread.join()
        counted = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._socket.close()
        if struct.unpack("II", counted)[1]:
            raise RuntimeError("The watch was overrun: there were more attempts than it could write down.")

    def _attach_filter(self) -> None:
        packed = b"".join(struct.pack("HBBI", *step) for step in _filter())
        steps = ctypes.create_string_buffer(packed, len(packed))
        program = struct.pack("HP", len(packed) // 8, ctypes.addressof(steps))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def _listen(self) -> None:
        while True:
            try:
                packet, (_, kind, direction, *_rest) = self._socket.recvfrom(65535)
            except TimeoutError:
                if self._is_over.is_set():
                    return
                continue
            if direction == _PACKET_OUTGOING:
                self._note(packet, kind)

    def _note(self, packet: bytes, kind: int) -> None:
        protocol, address, rest = _taken_apart(packet, kind)
        source, port, name = 0, 0, ""
        if protocol in {_TCP, _UDP} and len(rest) >= 8:
            source, port = struct.unpack("!HH", rest[:4])
        if protocol == _TCP and (len(rest) < 14 or rest[13] & (_SYN | _ACK) != _SYN):
            return
        if protocol in {_ICMP, _ICMPV6} and rest and (protocol, rest[0]) in _KERNELS_OWN:
            return
        if protocol == _UDP and port == _DNS:
            name = _name_asked(rest[8:])
        shown = {_TCP: "tcp", _UDP: "udp", _ICMP: "icmp", _ICMPV6: "icmp"}.get(protocol, f"protocol {protocol}")
        key = (shown, address, port, name)
        if key not in self._seen:
            self._seen[key] = Attempt(*key, program=_program_at(source))


def _filter() -> tuple[tuple[int, int, int, int], ...]:
    """The steps, with jumps to the two ends put in: a jump reaches forward by so many steps."""
    v4, v6 = 4, 12
    wide = [24, 28, 32]
    steps: list[tuple[int, int | str, int | str, int]] = [
        (_LD_H, 0, 0, _PROTOCOL_OF_PACKET),
        (_JEQ, v4 - 2, 0, _IPV4),
        (_JEQ, v6 - 3, 0, _IPV6),
        (_RET, 0, 0, _ACCEPT),  # neither: seen
        (_LD_B, 0, 0, 16),  # v4: the destination's first part
        (_JEQ, 0, "seen", 127),
        (_LD_B, 0, 0, 9),
        (_JEQ, 0, "not", _UDP),
        (_LDX_HEADER, 0, 0, 0),
        (_LD_H_X, 0, 0, 2),
        (_JEQ, "seen", "not", _DNS),
        (_RET, 0, 0, _DROP),
    ]
    for offset in wide:  # v6: is the destination ::1?
        steps += [(_LD_W, 0, 0, offset), (_JEQ, 0, "seen", 0)]
    steps += [
        (_LD_W, 0, 0, 36),
        (_JEQ, 0, "seen", 1),
        (_LD_B, 0, 0, 6),
        (_JEQ, 0, "not", _UDP),
        (_LD_H, 0, 0, 42),
        (_JEQ, "seen", "not", _DNS),
    ]
    ends = {"seen": len(steps), "not": len(steps) + 1}
    steps += [(_RET, 0, 0, _ACCEPT), (_RET, 0, 0, _DROP)]

    def reached(jump: int | str, at: int) -> int:
        return ends[jump] - at - 1 if isinstance(jump, str) else jump

    return tuple((code, reached(yes, at), reached(no, at), value) for at, (code, yes, no, value) in enumerate(steps))


def _taken_apart(packet: bytes, kind: int) -> tuple[int, str, bytes]:
    """Protocol, destination, and what the packet carries."""
    if kind == _IPV4 and len(packet) >= 20:
        return packet[9], str(ipaddress.ip_address(packet[16:20])), packet[(packet[0] & 0x0F) * 4 :]
    if kind == _IPV6 and len(packet) >= 40:
        protocol, rest = packet[6], packet[40:]
        while protocol in {0, 43, 60} and len(rest) >= 8:  # extensions before what is carried
            protocol, rest = rest[0], rest[(rest[1] + 1) * 8 :]
        return protocol, str(ipaddress.ip_address(packet[24:40])), rest
    return -1, f"ethertype {kind:#06x}", b""


def _name_asked(question: bytes) -> str:
    labels, at = [], 12
    while at < len(question) and question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += question[at] + 1
    return ".".join(labels)


def _program_at(port: int) -> str:
    """The command line of whoever has a socket at this port; empty when it is gone already."""
    inodes: set[str] = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with suppress(OSError):
            for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port and fields[9] != "0":
                    inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return ""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:200]
    return ""
