"""Several processes change one row at once: no change is lost that was written in one of the ways that promise it."""

import asyncio

import pytest
from sqlalchemy import MetaData, String, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base, IdMixin, VersionMixin
from dovetail.database.unit_of_work import Database
from tests.database.counting import Counter, CountingBase, VersionedCounter
from tests.running import ROOT, environment

PROCESSES, TIMES = 3, 30


@pytest.fixture
async def counters(make_settings, empty_database_url):
    database = Database.from_settings(make_settings(database_url=empty_database_url))
    async with database.unit_of_work() as session:
        connection = await session.connection()
        await connection.run_sync(CountingBase.metadata.create_all)
        session.add_all([Counter(id=1, value=0), VersionedCounter(id=1, value=0)])
    yield database
    await database.dispose()


async def count(python: str, url: str, way: str) -> int:
    """Return how many of all changes succeeded."""
    command = ("-c", "from tests.database.counting import main; main()", url, way, str(TIMES))
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(python, *command, cwd=ROOT, env=environment(), stdout=pipe)
        for _ in range(PROCESSES)
    ]
    return sum([int((await process.communicate())[0]) for process in processes])


@pytest.mark.parametrize("way", ["locked", "by_database"])
async def test_rows_read_for_update_and_sums_of_the_database_count_every_change(
    counters, forked_python, empty_database_url, way
):
    assert await count(forked_python, empty_database_url, way) == PROCESSES * TIMES
    async with counters.unit_of_work() as session:
        assert await session.scalar(select(Counter.value)) == PROCESSES * TIMES


async def test_whoever_loses_against_a_version_is_told_and_what_succeeded_is_counted(
    counters, forked_python, empty_database_url
):
    done = await count(forked_python, empty_database_url, "versioned")
    async with counters.unit_of_work() as session:
        found = (await session.execute(select(VersionedCounter.value, VersionedCounter.version))).one()
    assert tuple(found) == (done, done + 1)
    assert done > 0


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_on_sqlite_the_plain_way_loses_none_for_its_transactions_follow_one_another(
    counters, forked_python, empty_database_url
):
    assert await count(forked_python, empty_database_url, "plain") == PROCESSES * TIMES
    async with counters.unit_of_work() as session:
        assert await session.scalar(select(Counter.value)) == PROCESSES * TIMES


class AnimalBase(Base):
    __abstract__ = True
    metadata = MetaData()


class Animal(IdMixin, VersionMixin, AnimalBase):
    __tablename__ = "animal"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012 - SQLAlchemy's way

    kind: Mapped[str] = mapped_column(String(10))


class Cat(Animal):
    __mapper_args__ = {"polymorphic_identity": "cat"}  # noqa: RUF012 - as above


def test_a_model_with_mapper_arguments_of_its_own_keeps_its_version_and_so_do_its_heirs():
    for model in (Animal, Cat):
        assert inspect(model).version_id_col is Animal.__table__.c.version
        assert inspect(model).polymorphic_on is not None
        assert inspect(model).eager_defaults is True
