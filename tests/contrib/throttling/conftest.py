"""A limiter on each storage that there is: rows of SQLite and of PostgreSQL, and a real Redis."""

import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from sqlalchemy import text

from dovetail.contrib.throttling import redis_storage
from dovetail.contrib.throttling.limiter import StorageLimiter
from dovetail.database.unit_of_work import Database


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Start a Redis that keeps nothing, on a socket of its own."""
    with TemporaryDirectory(prefix="dovetail-redis-") as folder:
        socket = Path(folder) / "socket"
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
            try:
                client = redis.Redis(unix_socket_path=str(socket))
                for _ in range(12_000):  # two minutes
                    try:
                        client.ping()
                        break
                    except redis.ConnectionError:
                        time.sleep(0.01)
                yield f"redis+unix://{socket}"
            finally:
                server.terminate()


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def storage_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_kind(storage_kind: str) -> str:
    return "sqlite" if storage_kind == "redis" else storage_kind


@pytest.fixture
async def limiter(storage_kind: str, request, database: Database, monkeypatch) -> AsyncIterator[StorageLimiter]:
    url = ""
    if storage_kind == "redis":
        monkeypatch.setattr(redis_storage, "TIMEOUT", 60.0)  # seconds: a machine at work is no Redis that is away
        url = request.getfixturevalue("redis_url")
        redis.Redis(unix_socket_path=url.partition("://")[2]).flushall()
    limiter = StorageLimiter(database, url)
    yield limiter
    await limiter.aclose()


@pytest.fixture
def pass_time(storage_kind: str, request, database: Database) -> Callable[[float], Awaitable[None]]:
    """Let some seconds pass for all that was counted."""

    async def shift(seconds: float) -> None:
        passed = round(seconds * 1_000_000)
        if storage_kind != "redis":
            async with database.engine.begin() as connection:
                await connection.execute(
                    text("UPDATE throttling_bucket SET until = until - :passed"), {"passed": passed}
                )
            return
        client = redis.Redis(unix_socket_path=request.getfixturevalue("redis_url").partition("://")[2])
        for key in client.scan_iter():
            client.set(key, int(client.get(key)) - passed)

    return shift
