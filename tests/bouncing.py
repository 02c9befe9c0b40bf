"""A real PgBouncer in front of the tests' PostgreSQL, for as long as a block runs."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, make_url

from tests.running import free_port

PATIENCE = 120  # seconds; it starts in a few milliseconds
CONFIGURATION = """
[databases]
* = host={host} port={port} user={user} {password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
{more}
default_pool_size = {size}
max_client_conn = 100
"""


def keeps_statements() -> bool:
    """Whether the PgBouncer of this machine is new enough to know of prepared statements; Debian 12's is not."""
    said = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = said.split()[1].split(".")[:2]
    return (int(major), int(minor)) >= (1, 21)


@contextmanager
def bouncing(url: str, *, size: int, mode: str = "transaction") -> Iterator[str]:
    """The URL of a PgBouncer that shares `size` connections to the database of `url` among all that come.

    Debian's is older than 1.21: it knows nothing of prepared statements.
    """
    there = make_url(url)
    listen = free_port()
    with TemporaryDirectory(prefix="pgbouncer-") as folder:
        path = Path(folder) / "pgbouncer.ini"
        path.write_text(_configuration(there, listen, size, mode))
        for each in (Path(folder), path):
            each.chmod(0o755)
        as_somebody = ["-u", _somebody(there)] if os.geteuid() == 0 else []  # it does not run as root
        with subprocess.Popen([_program(), "-q", *as_somebody, str(path)], stderr=subprocess.DEVNULL) as process:
            try:
                _wait(process, listen)
                here = there.set(host="127.0.0.1", port=listen, query={"ssl": "disable"})
                yield here.render_as_string(hide_password=False)
            finally:
                process.terminate()


def _program() -> str:
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "install pgbouncer, as .ci/run does"
    return program


def _somebody(there: URL) -> str:
    """Who may open the server's socket, if it is one in a folder."""
    folder = str(there.query.get("host", ""))
    return Path(folder).owner() if folder.startswith("/") else "nobody"


def _configuration(there: URL, listen: int, size: int, mode: str) -> str:
    return CONFIGURATION.format(
        host=there.query.get("host") or there.host,
        port=there.port or 5432,
        user=there.username or "postgres",
        password=f"password={there.password}" if there.password else "",
        listen=listen,
        mode=mode,
        size=size,
        more="max_prepared_statements = 100" if keeps_statements() else "",
    )


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "pgbouncer did not start"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError("pgbouncer does not listen")
