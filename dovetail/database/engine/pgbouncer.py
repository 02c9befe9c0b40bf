"""Recognize a pooler that mixes prepared statements up: PgBouncer before 1.21, in transaction mode."""

from contextlib import suppress
from secrets import token_hex

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import NullPool

from dovetail.database.engine.engine import create_engine
from dovetail.settings import Settings

ROUNDS = 3  # while others are busy, two clients may meet different sessions for once
MIXED_UP = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError)


async def mixes_statements_up(settings: Settings) -> bool:
    """Return whether one client can run another's prepared statement. Raises SQLAlchemy's errors if nobody answers.

    Two connections prepare different statements under one name. To a PostgreSQL of their own, and to a pooler that
    knows of prepared statements, that is nothing.
    """
    engine = create_engine(settings, poolclass=NullPool)
    try:
        async with engine.connect() as one, engine.connect() as two:
            drivers = [(await each.get_raw_connection()).driver_connection for each in (one, two)]
            return any([await _collide(*drivers) for _ in range(ROUNDS)])
    finally:
        await engine.dispose()


async def _collide(one: "asyncpg.Connection[asyncpg.Record]", two: "asyncpg.Connection[asyncpg.Record]") -> bool:
    name = f"dovetail_{token_hex(8)}"
    try:
        statements = [await _prepare(driver, number, name) for number, driver in enumerate((one, two))]
        found = [await _run(driver, statement) for driver, statement in zip((one, two), statements, strict=True)]
    except MIXED_UP:
        return True
    finally:
        for driver in (one, two):
            with suppress(asyncpg.PostgresError):
                await driver.execute(f'DEALLOCATE "{name}"')
    return found != [0, 1]


async def _prepare(
    driver: "asyncpg.Connection[asyncpg.Record]", number: int, name: str
) -> "PreparedStatement[asyncpg.Record]":
    async with driver.transaction():
        return await driver.prepare(f"SELECT {number}", name=name)


async def _run(driver: "asyncpg.Connection[asyncpg.Record]", statement: "PreparedStatement[asyncpg.Record]") -> object:
    async with driver.transaction():
        return await statement.fetchval()
