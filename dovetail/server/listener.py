"""Take over a listening socket, hand it on, and close it without resetting connections.

Closing a listener resets the connections that the system has made and the process has not accepted yet. systemd hands
a socket over as sd_listen_fds(3) says: it is file 3, and LISTEN_PID names the process that it is for.
"""

import ctypes
import os
import select
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import NoReturn

FIRST = 3  # SD_LISTEN_FDS_START
OURS = "dovetail"  # the name of a socket that we hand to our own next process
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
        os.environ.pop(name, None)  # the socket is not for processes that we start
    return socket.socket(fileno=FIRST), variables["LISTEN_FDNAMES"] == OURS


def start_anew(listener: int, *, is_ours: bool) -> NoReturn:
    """Replace this process by a new one, with the same process id, that has the socket `listener` (a descriptor)."""
    os.dup2(listener, FIRST)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=OURS if is_ours else "")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # it would end the new process until that handles it
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - what this process was started with


def stop_arrivals(listener: socket.socket) -> None:
    """Refuse new connections, for every process that shares the socket; those in the queue can still be accepted.

    A client's system tries again after a second, and is refused by then. Without such filters (other systems than
    Linux, other sockets than TCP) nothing happens, and connections of the last microseconds are reset.
    """
    instructions = b"".join(struct.pack("HBBI", *one) for one in DROP_SYN)
    held = ctypes.create_string_buffer(instructions, len(instructions))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_SYN), ctypes.addressof(held))
        )


def has_arrivals(listener: socket.socket) -> bool:
    """Return whether a connection waits to be accepted."""
    return bool(select.select([listener], [], [], 0)[0])
