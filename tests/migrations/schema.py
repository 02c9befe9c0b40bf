"""What a test database holds."""

import re
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored


async def rows(engine: AsyncEngine, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement), parameters)]


async def execute(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return set(found) - {"alembic_version", "dovetail_migration"}


async def columns(engine: AsyncEngine, table: str) -> list[str]:
    async with engine.connect() as connection:
        return [column["name"] for column in await connection.run_sync(lambda sync: inspect(sync).get_columns(table))]


async def schema(engine: AsyncEngine) -> dict[str, Any]:
    """Everything about every table, to compare two databases with."""
    with expected_warnings_ignored():
        async with engine.connect() as connection:
            return await connection.run_sync(_schema)


def _schema(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)
    return {
        table: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            ],
            "primary key": _named(inspector.get_pk_constraint(table)),
            "checks": sorted(check["name"] or "" for check in inspector.get_check_constraints(table)),
            "sequences": _sequence_names(connection, table),
            "foreign keys": sorted(
                (key["name"] or "", tuple(key["constrained_columns"]), key["referred_table"], str(key["options"]))
                for key in inspector.get_foreign_keys(table)
            ),
            "unique": sorted(
                (each["name"] or "", tuple(each["column_names"])) for each in inspector.get_unique_constraints(table)
            ),
            "indexes": sorted(_index_names(connection, table)),
        }
        for table in inspector.get_table_names()
        if table not in ("alembic_version", "dovetail_migration")
    }


def _named(key: Any) -> tuple[str | None, list[str]]:
    return key["name"], key["constrained_columns"]


def _sequence_names(connection: Connection, table: str) -> list[str]:
    if connection.dialect.name == "sqlite":
        return []
    statement = (
        "SELECT relname FROM pg_depend JOIN pg_class ON pg_class.oid = objid AND relkind = 'S' "
        "WHERE refobjid = CAST(:table AS regclass)"
    )
    return list(connection.scalars(text(statement), {"table": table}))


def _index_names(connection: Connection, table: str) -> list[str]:
    statement = (
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = :table"
        if connection.dialect.name == "sqlite"
        else "SELECT indexname FROM pg_indexes WHERE tablename = :table"
    )
    return list(connection.scalars(text(statement), {"table": table}))


async def definitions(engine: AsyncEngine, like: str = "shop%") -> set[tuple[Any, ...]]:
    """Return what a database keeps of the definitions of its indexes and constraints, in its own words."""
    async with engine.connect() as connection:
        return await connection.run_sync(read_definitions, like)


def read_definitions(connection: Connection, like: str = "shop%") -> set[tuple[Any, ...]]:
    """Return what `definitions` returns."""
    if connection.dialect.name == "postgresql":
        kept = connection.execute(text(_POSTGRESQL_DEFINITIONS), {"like": like})
        # It does not always read casts and brackets as it wrote them.
        return {(table, name, re.sub(r"::[a-z ]+(\[\])?|[()]", "", sql)) for table, name, sql in kept}
    found = connection.execute(text(_SQLITE_DEFINITIONS), {"like": like})
    return {(kind, name, " ".join(sorted(re.findall(r"'[^']*'|\w+|[^\w\s\"]", sql)))) for kind, name, sql in found}


_POSTGRESQL_DEFINITIONS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid::regclass::text LIKE :like
UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE :like
"""
# The words of a CREATE TABLE come in another order if it was made anew.
_SQLITE_DEFINITIONS = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name LIKE :like AND sql IS NOT NULL"
