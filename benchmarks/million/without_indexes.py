"""Fill tables without their indexes, which are made afterwards: that takes a tenth of what keeping them up takes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import click
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Names, and the statements that make them again. The indexes of keys stay, as constraints of their tables.
INDEXES = {
    "postgresql": "SELECT 'INDEX', indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() "
    "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
    "sqlite": "SELECT upper(type), name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
}
WORDS = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5(%content=%'"
MEMORY = "SET LOCAL maintenance_work_mem = '512MB'"


@dataclass(frozen=True)
class _Kept:
    kind: str  # INDEX or TRIGGER
    name: str
    statement: str


@asynccontextmanager
async def without_indexes(engine: AsyncEngine) -> AsyncIterator[None]:
    """Drop the indexes of all tables, and on SQLite the triggers that keep up words, and make them in the end."""
    name = engine.dialect.name
    async with engine.begin() as connection:
        rows = await connection.execute(text(INDEXES[name]))
        kept = [_Kept(*row) for row in rows]
        for one in kept:
            await connection.execute(text(f'DROP {one.kind} "{one.name}"'))
    yield
    click.echo("Making indexes.")
    async with engine.begin() as connection:
        if name == "postgresql":
            await connection.execute(text(MEMORY))
        else:
            await _write_words(connection)
        await _make(connection, kept)


async def _write_words(connection: AsyncConnection) -> None:
    for table in (await connection.scalars(text(WORDS))).all():
        await connection.execute(text(f"""INSERT INTO "{table}"("{table}") VALUES ('rebuild')"""))  # noqa: S608 - a name


async def _make(connection: AsyncConnection, kept: Sequence[_Kept]) -> None:
    for one in kept:
        await connection.exec_driver_sql(one.statement)
