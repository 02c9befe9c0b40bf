"""Take a listening socket over, hand it on, and close it so that nobody who was let in is left standing.

A connection that the system has made and that nobody has accepted is reset when its listener is closed. The protocol by
which systemd hands a socket over is sd_listen_fds(3): the socket is file 3, and LISTEN_PID names the process it is for.
"""

import ctypes
import os
import select
import socket
import struct
import sys
from contextlib import suppress
from typing import NoReturn

FIRST = 3  # SD_LISTEN_FDS_START
OURS = "dovetail"  # the name under which we hand a socket to ourselves
SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python does not name it
# Classic BPF (https://docs.kernel.org/networking/filter.html) over the TCP header: load the byte of the flags; if SYN
# is among them, drop the packet, otherwise keep all of it. Handshakes that have begun are ended, no new one begins.
DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def inherited_listener() -> tuple[socket.socket, bool] | None:
    """Return the socket that was handed to this process, and whether it is ours, not systemd's; None without one."""
    variables = {name: os.environ.get(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    if variables["LISTEN_PID"] != str(os.getpid()) or not variables["LISTEN_FDS"].isdecimal():
        return None
    for name in variables:
        os.environ.pop(name, None)  # what we start is not meant
    return socket.socket(fileno=FIRST), variables["LISTEN_FDNAMES"] == OURS


def start_anew(listener: int, *, is_ours: bool) -> NoReturn:
    """Become a new process, under the same number, that has the socket with the file descriptor `listener`."""
    os.dup2(listener, FIRST)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=OURS if is_ours else "")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - what this process was started with


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
    """Return whether there is a connection that nobody has accepted yet."""
    return bool(select.select([listener], [], [], 0)[0])
