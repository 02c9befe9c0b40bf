"""Stands for `python` and `alembic` on a reader's PATH: hands a command to tests/docs/programs.py, which forks for it.

What is no command of a site, what serves, and pytest, run as if this were not there. It is started by each line that a
reader types, and imports little for that.
"""

import json
import os
import socket
import sys

# They serve and start processes of their own, or rewrite what they import.
RUN_ANEW = ("runserver", "quickstart", "test")
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes longer to import
NAME, ARGUMENTS = os.path.basename(sys.argv[0]), sys.argv[1:]  # noqa: PTH119 - as above


def is_of_a_site() -> bool:
    """Return True for a command of a site, and for a block of Python."""
    if NAME == "alembic":
        return True
    is_command = len(ARGUMENTS) > 1 and ARGUMENTS[0] == "manage.py" and ARGUMENTS[1] not in RUN_ANEW
    return is_command or ARGUMENTS[:1] == ["-c"]


def main() -> None:
    """Have the command run with what this process reads and writes; end as it ended."""
    if not is_of_a_site():
        os.execv(sys.executable, [sys.executable, *ARGUMENTS])
    folder = os.getcwd()  # noqa: PTH109 - as above
    command = {"name": NAME, "arguments": ARGUMENTS, "folder": folder, "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{HERE}/socket")
        socket.send_fds(connection, [b"+"], [0, 1, 2])
        connection.sendall(json.dumps(command).encode())
        connection.shutdown(socket.SHUT_WR)
        sys.exit(int(connection.recv(10) or b"70"))


if __name__ == "__main__":
    main()
