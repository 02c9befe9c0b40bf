"""What this machine is, which of its cores do what, and how much CPU time processes have taken."""

import asyncio
import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import asyncpg

PACKAGES = (
    "fastapi", "starlette", "sqlalchemy", "asyncpg", "pydantic", "uvicorn", "uvloop", "httptools",
    "django", "djangorestframework", "django-ninja", "psycopg",
)  # fmt: skip
PROCESS_CLOCK = 2  # CPUCLOCK_SCHED of Linux, of a whole process: what clock_getcpuclockid(3) makes of a process id


@dataclass(frozen=True)
class Cores:
    """The core that serves, and those of PostgreSQL and the load; None where they cannot be told apart."""

    server: int | None
    others: frozenset[int]


def part_cores() -> Cores:
    """Keep this process, and what it starts, off the first core; that one is for the server under load."""
    if not hasattr(os, "sched_setaffinity"):
        return Cores(None, frozenset())
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        return Cores(None, frozenset({first}))
    os.sched_setaffinity(0, others)
    return Cores(first, frozenset(others))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The fastest there is."""
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop  # not on every platform

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def cpu_time(pid: int) -> float:
    """Seconds of user and system time of a process with all its threads, past ones too, by the nanosecond.

    Raises OSError if there is no such process, or if this is not Linux.
    """
    return time.clock_gettime(~pid << 3 | PROCESS_CLOCK)


def family(pid: int) -> list[int]:
    """A process and those that it started, which are alive."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(other for child in children for other in family(int(child)))]


def cpu_time_of_children(pid: int) -> float:
    """Seconds of user and system time of a process's children, of those that have ended too."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    total = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        with suppress(OSError):  # it has ended since
            total += cpu_time(int(child))
    return total


async def find_postgres(url: str) -> tuple[str, int | None]:
    """PostgreSQL's version, and the process whose children are its backends; None if it runs somewhere else."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        version, backend = await connection.fetchrow("SELECT current_setting('server_version'), pg_backend_pid()")
        return str(version), _parent_of_backend(backend)
    finally:
        await connection.close()


def plain_url(url: str) -> str:
    """The URL of a database without SQLAlchemy's driver, as others read it."""
    return url.replace("+asyncpg", "").replace("+aiosqlite", "")


def describe(postgres: str, cores: Cores) -> dict[str, object]:
    """What figures depend on, without what would tell whose machine it is."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "server_has_a_core": cores.server is not None,
        "python": platform.python_version(),
        "postgresql": postgres,
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _parent_of_backend(pid: int) -> int | None:
    with suppress(OSError):
        name, _, fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")
        if "postgres" in name:
            return int(fields.split()[1])
    return None
