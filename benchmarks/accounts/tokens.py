"""Measure what a token costs: `python -m benchmarks.accounts.tokens`.

A read with a token beside the same without: statements and CPU, for a user who holds permissions by three groups, of a
resource whose policy asks for them.
"""

import argparse
import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.accounts.tables import Read, keep, today
from config.settings import Settings
from dovetail.application import site_application
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, join_group
from dovetail.contrib.auth.sessions.log_in import log_in
from dovetail.database.unit_of_work import DATABASE, Database
from dovetail.testing import postgres
from dovetail.testing.databases import TestDatabases
from dovetail.testing.statements import counted_statements
from plugins.blog.models import Post

SECRET = SecretStr("a-secret-for-a-measurement-0123456789")
READS = {"one post": "/api/posts/1", "twenty posts": "/api/posts?limit=20"}
GROUPS = ("blog.view_tag", "blog.add_post", "comments.view_comment")  # one each; none opens drafts


@dataclass(frozen=True)
class Cost:
    """The statements and CPU seconds of a read, without a token and with one."""

    database: str
    read: str
    statements: tuple[int, int]
    cpu: tuple[float, float]

    def __str__(self) -> str:
        ratio = self.cpu[1] / self.cpu[0]
        micros = "{:.0f} and {:.0f} us".format(*(one * 1e6 for one in self.cpu))
        counts = "{} and {} statements".format(*self.statements)
        return f"{self.database:10} {self.read:13} {counts}, {micros}, {ratio:.2f}"


async def measure_reads(kind: str, app: FastAPI, times: int) -> list[Cost]:
    """Return what each read costs, asked without a token and with one in turns."""
    database = DATABASE.get(app)
    async with database.unit_of_work() as session:
        token = await _make_reader(session)
        author = await session.scalar(insert(User).returning(User.id), _people(1, "author", "!"))
        post = {"content": "Text.", "author_id": author, "is_published": True}
        await session.execute(insert(Post), [post | {"title": f"Post {number}"} for number in range(40)])
    headers: list[Mapping[str, str]] = [{}, {"Authorization": f"Bearer {token}"}]
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return [await _read(kind, client, database, name, times, headers) for name in READS]


def main() -> None:
    """Measure on both databases, and keep the figures for the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=300, help="how often each read is asked (300)")
    times = parser.parse_args().times
    logging.disable(logging.WARNING)  # whose lines would stand between the figures
    found: list[Cost] = []
    with _databases() as databases:
        for kind in ("sqlite", "postgresql"):
            with databases.migrated(kind, Settings) as url:
                found += asyncio.run(_reads(kind, url, times))
    for one in found:
        print(one)  # noqa: T201 - it is its output
    reads = [Read(database=one.database, read=one.read, statements=one.statements, cpu=one.cpu) for one in found]
    keep("tokens", {"date": today(), "times": times, "reads": reads})


async def _read(  # noqa: PLR0917 - what is measured, and where
    kind: str, client: httpx.AsyncClient, database: Database, name: str, times: int, headers: list[Mapping[str, str]]
) -> Cost:
    taken: list[list[float]] = [[], []]
    for _ in range(times):
        for number, sent in enumerate(headers):
            started = process_time()
            (await client.get(READS[name], headers=sent)).raise_for_status()
            taken[number].append(process_time() - started)
    counts = []
    for sent in headers:
        with counted_statements(database) as statements:
            await client.get(READS[name], headers=sent)
        counts.append(len(statements))
    return Cost(kind, name, (counts[0], counts[1]), (median(taken[0]), median(taken[1])))


async def _make_reader(session: AsyncSession) -> str:
    reader = (await session.scalars(insert(User).returning(User), _people(1, "reader", "!"))).one()
    for permission in GROUPS:
        await join_group(session, reader, await create_group(session, f"with {permission}", [permission]))
    return (await log_in(session, reader, connection=None, method="password")).token


def _people(count: int, name: str, hashed: str) -> list[dict[str, object]]:
    return [
        {"username": f"{name}{n}", "email": f"{name}{n}@example.org", "hashed_password": hashed, "is_verified": True}
        for n in range(count)
    ]


@contextmanager
def _databases() -> Iterator[TestDatabases]:
    stop = postgres.start_server()
    try:
        with TemporaryDirectory() as folder:
            databases = TestDatabases(Path(folder))
            yield databases
            databases.close()
    finally:
        stop()


async def _reads(kind: str, url: str, times: int) -> list[Cost]:
    app = site_application(_settings(url))
    async with app.router.lifespan_context(app):
        return await measure_reads(kind, app, times)


def _settings(url: str) -> Settings:
    return Settings.model_validate({"environment": "test", "secret_key": SECRET, "database_url": SecretStr(url)})


if __name__ == "__main__":
    main()
