"""Close a listening socket so that nobody who was let in is left standing.

A connection that the system has made and that nobody has accepted is reset when its listener is closed.
"""

import ctypes
import select
import socket
import struct
from contextlib import suppress

SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python does not name it
# Classic BPF (https://docs.kernel.org/networking/filter.html) over the TCP header: load the byte of the flags; if SYN
# is among them, drop the packet, otherwise keep all of it. Handshakes that have begun are ended, no new one begins.
DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def stop_arrivals(listener: socket.socket) -> None:
    """Let nobody in any more, in every process that shares the socket; who is in the queue can still be accepted.

    A client's system asks again after a second, and is refused by then. Where there are no such filters (not on
    Linux, or not TCP) nothing happens, and what arrives in the last microseconds is reset.
    """
    instructions = b"".join(struct.pack("HBBI", *one) for one in DROP_SYN)
    held = ctypes.create_string_buffer(instructions, len(instructions))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_SYN), ctypes.addressof(held))
        )


def has_arrivals(listener: socket.socket) -> bool:
    """Whether there is a connection that nobody has accepted yet."""
    return bool(select.select([listener], [], [], 0)[0])
