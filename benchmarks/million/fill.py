"""Fill a database with a large blog, with a progress bar on a terminal and a line a table in a log."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice

import click
from sqlalchemy import Table, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from tqdm import tqdm

from benchmarks.million.rows import TAGS, Blog, Row
from benchmarks.million.without_indexes import without_indexes
from config.settings import Settings
from dovetail.contrib.auth.models import User
from dovetail.database.engine.engine import create_engine
from dovetail.migrations.run.runner import MigrationRun, migrate
from dovetail.registry import load_registry
from dovetail.testing.rows import count_rows
from plugins.blog.models import Post, Tag, post_tags
from plugins.comments.models import Comment, CommentStatus

BATCH = 10_000  # rows a transaction


def fill(url: str, blog: Blog) -> None:
    """Migrate the empty database at `url` and fill it."""
    asyncio.run(_fill(url, blog))


def execute(url: str, statement: str) -> None:
    """Execute a statement, and commit."""

    async def run() -> None:
        async with _opened(_settings(url)) as engine:
            await _execute(engine, statement)

    asyncio.run(run())


def count(url: str) -> dict[str, int]:
    """Return how many rows each table of a database has."""

    async def run() -> dict[str, int]:
        async with _opened(_settings(url)) as engine, engine.connect() as connection:
            return await connection.run_sync(count_rows)

    return asyncio.run(run())


def _settings(url: str) -> Settings:
    return Settings.model_validate({"database_url": url, "environment": "test"})


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _fill(url: str, blog: Blog) -> None:
    settings = _settings(url)
    await migrate(MigrationRun(settings, load_registry(settings)))
    async with _opened(settings) as engine:
        async with without_indexes(engine):
            for table, rows, count in _tables(blog):
                await _insert(engine, table, rows, count)
        await _tidy(engine)


def _tables(blog: Blog) -> Iterator[tuple[Table, Iterator[Row], int]]:
    comments = (row | {"status": CommentStatus(row["status"])} for row in blog.comment_rows())
    for model, rows, count in (
        (User, blog.user_rows(), blog.users),
        (Tag, blog.tag_rows(), TAGS),
        (Post, blog.post_rows(), blog.posts),
        (None, blog.link_rows(), 3 * blog.posts),
        (Comment, comments, blog.comments),
    ):
        table = post_tags if model is None else model.__table__
        assert isinstance(table, Table)  # noqa: S101 - each of these models is one table
        yield table, rows, count


async def _insert(engine: AsyncEngine, table: Table, rows: Iterator[Row], count: int) -> None:
    if not sys.stderr.isatty():
        click.echo(f"{engine.dialect.name}: {count:,} rows of {table.name}")
    with tqdm(total=count, desc=f"{engine.dialect.name} {table.name}", unit=" rows", disable=None) as bar:
        while batch := list(islice(rows, BATCH)):
            async with engine.begin() as connection:
                await connection.execute(insert(table), batch)
            bar.update(len(batch))


async def _tidy(engine: AsyncEngine) -> None:
    await _execute(engine, "VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")


async def _execute(engine: AsyncEngine, statement: str) -> None:
    options = {"isolation_level": "AUTOCOMMIT"} if engine.dialect.name == "postgresql" else {}  # VACUUM asks for it
    async with engine.execution_options(**options).begin() as connection:
        await connection.execute(text(statement))
