"""What `python` is in the shell of a reader: it has `interpreters.py` run the command, or Python itself."""

import json
import os
import socket
import sys
from pathlib import Path

FORKED = ("alembic", "dovetail", "pytest")  # what is run by its module
OPTIONS = ("-m", "-c", "-")


def main(address: str, *arguments: str) -> int:
    """Run Python with `arguments` and return the exit code."""
    first, *rest = arguments[2:] if arguments[:1] == ("-W",) else arguments or ("-i",)
    if (first.startswith("-") and first not in OPTIONS) or (first == "-m" and rest[0] not in FORKED):
        os.execv(sys.executable, [sys.executable, *arguments])
    with socket.socket(socket.AF_UNIX) as host:
        host.connect(address)
        request = json.dumps([arguments, str(Path.cwd()), dict(os.environ)]).encode() + b"\n"
        socket.send_fds(host, [request], [0, 1, 2])
        code = int(host.recv(100))
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(str(Path(__file__).parent / "socket"), *sys.argv[1:]))
