"""Count one row up, many at once, in a process of its own, whose arguments are an URL, a way and how often."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from pydantic import SecretStr
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlalchemy.orm.exc import StaleDataError

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, VersionMixin
from dovetail.database.unit_of_work import Database
from dovetail.settings import Settings


class CountingBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Counter(IdMixin, CountingBase):
    __tablename__ = "counting_counter"

    value: Mapped[int]


class VersionedCounter(IdMixin, VersionMixin, CountingBase):
    __tablename__ = "counting_versioned"

    value: Mapped[int]


async def locked(session: AsyncSession) -> None:
    counter = await session.get_one(Counter, 1, with_for_update=True)
    counter.value += 1


async def by_database(session: AsyncSession) -> None:
    counter = await session.get_one(Counter, 1)
    counter.value = Counter.value + 1


async def versioned(session: AsyncSession) -> None:
    counter = await session.get_one(VersionedCounter, 1)
    counter.value += 1


async def plain(session: AsyncSession) -> None:
    counter = await session.get_one(Counter, 1)
    counter.value += 1


WAYS: dict[str, Callable[[AsyncSession], Awaitable[None]]] = {
    one.__name__: one for one in (locked, by_database, versioned, plain)
}


async def count(url: str, way: str, times: int) -> int:
    settings = {"environment": "test", "database_url": SecretStr(url), "secret_key": SecretStr("x" * 40)}
    database = Database.from_settings(Settings.model_validate(settings | {"database_pool_timeout": 60}))

    async def once() -> bool:
        try:
            async with database.unit_of_work() as session:
                await WAYS[way](session)
        except StaleDataError:
            return False
        return True

    done = await asyncio.gather(*(once() for _ in range(times)))
    await database.dispose()
    return sum(done)


def main() -> None:
    """Write how often it succeeded."""
    sys.stdout.write(f"{asyncio.run(count(sys.argv[1], sys.argv[2], int(sys.argv[3])))}\n")
