"""Take a listening socket over from systemd, or from the process that was here before, and hand it on.

The protocol is sd_listen_fds(3): the socket is file 3, and LISTEN_PID names the process it is meant for.
"""

import os
import socket
import sys
from typing import NoReturn

FIRST = 3  # SD_LISTEN_FDS_START
OURS = "dovetail"  # the name under which we hand a socket to ourselves


def inherited_listener() -> tuple[socket.socket, bool] | None:
    """The socket that was handed to this process, and whether it is ours, not systemd's; None without one."""
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
