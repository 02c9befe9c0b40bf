"""Detect what a pooler in front of PostgreSQL does not pass on: prepared statements, and the limit of waits for locks.

PgBouncer before 1.21 mixes up the prepared statements of its clients in transaction mode.
"""

from contextlib import suppress
from secrets import token_hex

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import NullPool

from dovetail.database.engine.engine import create_engine
from dovetail.settings import Settings

ROUNDS = 3  # under load two clients may get different server sessions, so that one attempt is not enough
MIXED_UP = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError)


async def shares_prepared_statements(settings: Settings) -> bool:
    """Return True if a client can run another's prepared statement. Raise SQLAlchemy's errors if there is no answer.

    Two connections prepare different statements under the same name. PostgreSQL itself, and a pooler that tracks
    prepared statements, keep them apart.
    """
    engine = create_engine(settings, poolclass=NullPool)
    try:
        async with engine.connect() as one, engine.connect() as two:
            drivers = [(await each.get_raw_connection()).driver_connection for each in (one, two)]
            return any([await _collide(*drivers) for _ in range(ROUNDS)])
    finally:
        await engine.dispose()


async def waits_for_locks(settings: Settings) -> bool:
    """Return True if requests wait for locks without the limit that the settings have, as through a pooler."""
    if not settings.database_lock_timeout:
        return False
    engine = create_engine(settings, command_timeout=settings.database_command_timeout, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return bool((await connection.exec_driver_sql("SHOW lock_timeout")).scalar_one() == "0")
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
