"""Measure what many logins at once do to everybody else: `python -m benchmarks.accounts.logins --logins 50`.

A server in a process of its own hashes in earnest, on SQLite; meanwhile /health/live is asked without a pause, which
sees how long the event loop stalls. The 99th percentile may be 100 ms.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.accounts.tables import keep, today
from benchmarks.servers import PATIENCE, ROOT, SECRET, free_port, migrate
from dovetail.contrib.auth.accounts.passwords import hash_password
from dovetail.contrib.auth.models import User

LONGEST_STALL = 0.1  # seconds, the 99th percentile
PASSWORD = "correct horse battery staple"  # noqa: S105 - it guards nothing


async def measure(url: str, logins: int) -> tuple[Counter[int], list[float]]:
    """Log in so many times at once; return the answers, and how long each look at /health/live took, in seconds."""
    waits: list[float] = []
    limits = httpx.Limits(max_connections=logins + 1)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as client:
        await client.get("/health/live")
        people = [{"username": f"user{number}", "password": PASSWORD} for number in range(logins)]
        tasks = [asyncio.create_task(client.post("/api/auth/login", data=form)) for form in people]
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as other:
            while not all(task.done() for task in tasks):
                started = perf_counter()
                await other.get("/health/live")
                waits.append(perf_counter() - started)
        answers = Counter([(await task).status_code for task in tasks])
    return answers, waits


def percentile(waits: list[float], share: float) -> float:
    """Return what so large a share of the waits is not longer than."""
    return sorted(waits)[min(len(waits) - 1, int(len(waits) * share))]


@contextmanager
def serving(folder: Path, people: int) -> Iterator[str]:
    """Serve the site on a database with so many users, and give its address."""
    url, port = f"sqlite+aiosqlite:///{folder}/site.sqlite3", free_port()
    migrate(url)
    asyncio.run(_make_people(url, people))
    command = [sys.executable, "-m", "uvicorn", "config.asgi:app", "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, cwd=ROOT, env=_environment(url), stdin=subprocess.DEVNULL) as server:  # noqa: S603 - our own
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address)
            yield address
        finally:
            server.terminate()


def main() -> None:
    """Measure; exit with 1 if a login failed, or the loop stalled for too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--logins", type=int, default=50, help="at once (50)")
    logins = parser.parse_args().logins
    with TemporaryDirectory() as folder, serving(Path(folder), logins) as url:
        started = perf_counter()
        answers, waits = asyncio.run(measure(url, logins))
        seconds = perf_counter() - started
    found, half, longest = percentile(waits, 0.99), percentile(waits, 0.5), max(waits)
    waited = {"p50": half, "p99": found, "longest": longest}
    keep("logins", {"date": today(), "logins": logins, "seconds": seconds, "looks": len(waits), "waits": waited})
    told = f"{logins} logins at once: {dict(answers)} in {seconds:.1f} s; {len(waits)} looks at /health/live, "
    print(f"{told}p50 {half * 1000:.1f}, p99 {found * 1000:.1f}, longest {longest * 1000:.1f} ms")  # noqa: T201 - it is its output
    sys.exit(found > LONGEST_STALL or set(answers) != {200})


async def _make_people(url: str, people: int) -> None:
    hashed = await hash_password(PASSWORD)
    names = [f"user{number}" for number in range(people)]
    rows = [{"username": name, "email": f"{name}@example.org", "hashed_password": hashed} for name in names]
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(insert(User), rows)
    await engine.dispose()


def _environment(url: str) -> Mapping[str, str]:
    return os.environ | {"DATABASE_URL": url, "ENVIRONMENT": "test", "SECRET_KEY": SECRET, "LOG_LEVEL": "ERROR"}


def _wait_for(address: str) -> None:
    until = perf_counter() + PATIENCE
    while perf_counter() < until:
        try:
            httpx.get(f"{address}/health/live")
        except httpx.TransportError:
            continue
        return
    raise RuntimeError(f"{address} did not answer within {PATIENCE} seconds")


if __name__ == "__main__":
    main()
