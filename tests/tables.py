"""Make the tables of models that no migration makes."""

import asyncio

from sqlalchemy import NullPool, Table
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase

from dovetail.settings import with_async_driver


def make_tables(url: str, *wanted: type[DeclarativeBase] | Table) -> None:
    """Make the tables of every model of some bases, and single tables, in the database at `url`."""

    async def make() -> None:
        engine = create_async_engine(with_async_driver(url), poolclass=NullPool)
        async with engine.begin() as connection:
            for one in wanted:
                await connection.run_sync(one.create if isinstance(one, Table) else one.metadata.create_all)
        await engine.dispose()

    asyncio.run(make())
