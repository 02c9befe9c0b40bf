"""A row that is inserted and read at once is answered, byte for byte, as a read answers it."""

import os
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import create_model
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Uuid, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from dovetail.database.engine.engine import create_engine
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.resources.query.ordering import complete
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ListQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.reader import Reader
from dovetail.resources.sql.arrays import members
from dovetail.resources.sql.insert_statements import NewRow
from dovetail.resources.sql.json_values import ORJSON_OPTIONS
from dovetail.resources.sql.statements import Statement
from dovetail.resources.visibility import EVERYTHING
from dovetail.resources.write.insert import Inserter
from tests.resources.read.test_roads import KINDS, make_schema, tables_with_rows

INEXACT = {"float", "decimal", "tiny"}


@asynccontextmanager
async def tables_of(base, settings):
    """A session on a database with the tables of `base`."""
    engine = create_engine(settings)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        async with AsyncSession(engine, expire_on_commit=False) as session:
            yield session
    finally:
        async with engine.begin() as connection:
            await connection.run_sync(base.metadata.drop_all)
        await engine.dispose()


async def insert_and_compare(session, reader, row):
    """Insert `row`, and compare what that answers with a read; whether it answered at once."""
    done = await Inserter(reader, "id").insert_and_read(session, row, EVERYTHING)
    if done is None:
        return False
    key, batch = done
    assert key == batch.version(0)[reader.version.index("id")]
    request = PageRequest(ListQuery(), complete(reader.model, ()))
    read = await reader.read(SessionSource(session), request, EVERYTHING)
    assert len(batch.items) == len(read.items) == 1
    assert orjson.dumps(batch.items, option=ORJSON_OPTIONS) == orjson.dumps(read.items, option=ORJSON_OPTIONS)
    assert batch.version(0) == read.version(0)
    return True


def random_models(tables):
    """A root with a parent it must have, one it may have, and a list that it is linked to."""

    class Base(DeclarativeBase):
        metadata = MetaData()

    def model(name: str, kinds: list[tuple[str, bool]], **more: Any) -> Any:
        columns = {
            f"f{i}": mapped_column(KINDS[kind][0], nullable=optional) for i, (kind, optional) in enumerate(kinds)
        }
        names = {"__tablename__": f"inserting_{name}", "id": mapped_column(Integer, primary_key=True)}
        return type(name.title(), (Base,), names | columns | more)

    owner, tag = model("owner", tables[0]), model("tag", tables[2])
    root = model(
        "root",
        tables[1],
        owner_id=mapped_column(ForeignKey("inserting_owner.id"), nullable=False),
        helper_id=mapped_column(ForeignKey("inserting_owner.id"), nullable=True),
    )
    links = Table(
        "inserting_link",
        Base.metadata,
        Column("root_id", ForeignKey("inserting_root.id"), primary_key=True),
        Column("tag_id", ForeignKey("inserting_tag.id"), primary_key=True),
    )
    root.owner = relationship(owner, foreign_keys=[root.owner_id])
    root.helper = relationship(owner, foreign_keys=[root.helper_id])
    root.tags = relationship(tag, secondary=links, order_by=tag.id.desc())
    return Base, owner, root, tag


@settings(
    max_examples=int(os.environ.get("ROADS_EXAMPLES", "15")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(drawn=tables_with_rows((2, 1, 3)), helper=st.sampled_from([None, 1, 2]), linked=st.sets(st.integers(1, 3)))
async def test_rows_of_every_type_are_answered_as_a_read_answers_them(
    make_settings, empty_database_url, drawn, helper, linked
):
    tables, values = drawn
    base, owner, root, tag = random_models(tables)
    owner_schema, tag_schema = make_schema("OwnerRead", tables[0]), make_schema("TagRead", tables[2])
    nested: dict[str, Any] = {"owner": (owner_schema, ...), "helper": (owner_schema | None, ...)}
    schema = make_schema("RootRead", tables[1], **nested, tags=(list[tag_schema], ...))  # type: ignore[valid-type]  # made at run time
    async with tables_of(base, make_settings(database_url=empty_database_url)) as session:
        session.add_all([owner(id=key, **one) for key, one in enumerate(values[0], 1)])
        session.add_all([tag(id=key, **one) for key, one in enumerate(values[2], 1)])
        await session.flush()
        row = values[1][0] | {"owner_id": 1, "helper_id": helper}
        reader = Reader(root, schema, Search(), ["id", "owner_id"])
        answered = await insert_and_compare(session, reader, NewRow(row, {"tags": sorted(linked)}))
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        assert answered != (is_sqlite and bool({kind for table in tables[::2] for kind, _ in table} & INEXACT))


class Base(DeclarativeBase):
    metadata = MetaData()


class Quoted(Base):
    """Its names need quotes, and its own table is among what it leads to under another name."""

    __tablename__ = "order"

    id: Mapped[int] = mapped_column("group", primary_key=True)
    words: Mapped[str] = mapped_column('se"lect', String(50), server_default="by the database")
    share: Mapped[float | None]
    tags: Mapped[list["Label"]] = relationship(secondary=lambda: quoted_links, order_by="Label.name")
    noted: Mapped[list["Label"]] = relationship(secondary=lambda: noted_links, order_by="Label.name")
    twins: Mapped[list["Quoted"]] = relationship(
        secondary=lambda: twin_links,
        primaryjoin=lambda: Quoted.id == twin_links.c.one,
        secondaryjoin=lambda: Quoted.id == twin_links.c.other,
        order_by="Quoted.id",
    )


class Label(Base):
    __tablename__ = "label"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column("from", String(50))


quoted_links = Table(
    "where",
    Base.metadata,
    Column("order", ForeignKey("order.group"), primary_key=True),
    Column("by", ForeignKey("label.id"), primary_key=True),
)
noted_links = Table(
    "noted",
    Base.metadata,
    Column("one", ForeignKey("order.group"), primary_key=True),
    Column("other", ForeignKey("label.id"), primary_key=True),
    Column("note", String(50), server_default="none"),
)
twin_links = Table(
    "twins",
    Base.metadata,
    Column("one", ForeignKey("order.group"), primary_key=True),
    Column("other", ForeignKey("order.group"), primary_key=True),
)
LabelRead = create_model("LabelRead", id=(UUID, ...), name=(str, ...))
Plain = create_model("Plain", id=(int, ...), words=(str, ...))


@pytest.fixture
async def quoted(make_settings, empty_database_url):
    async with tables_of(Base, make_settings(database_url=empty_database_url)) as session:
        yield session


async def test_names_that_need_quotes_and_keys_that_are_no_numbers_are_inserted_and_linked(quoted):
    labels = [Label(name=name) for name in ("b", "a")]
    quoted.add_all(labels)
    await quoted.flush()
    schema = create_model("QuotedRead", __base__=Plain, tags=(list[LabelRead], ...))
    row = NewRow({"words": 'say "it"'}, {"tags": [one.id for one in labels]})
    assert await insert_and_compare(quoted, Reader(Quoted, schema, Search(), ["id"]), row)
    assert len((await quoted.execute(select(quoted_links))).all()) == 2


async def test_what_the_database_fills_in_is_answered(quoted):
    reader = Reader(Quoted, Plain, Search(), ["id"])
    key, batch = await Inserter(reader, "id").insert_and_read(quoted, NewRow({}), EVERYTHING)
    assert key == 1
    assert batch.items == [{"id": 1, "words": "by the database"}]


@pytest.mark.parametrize("share", [1.0, -0.0, 0.1, 2.0**53, 1e300])
async def test_a_float_is_answered_as_one(quoted, share):
    reader = Reader(Quoted, create_model("Share", __base__=Plain, share=(float | None, ...)), Search(), ["id"])
    assert await insert_and_compare(quoted, reader, NewRow({"share": share}))


async def test_a_version_that_is_not_answered_is_known(quoted):
    reader = Reader(Quoted, create_model("Words", words=(str, ...)), Search(), ["id", "words"])
    _, batch = await Inserter(reader, "id").insert_and_read(quoted, NewRow({"words": "x"}), EVERYTHING)
    assert (batch.items, batch.version(0)) == ([{"words": "x"}], (1, "x"))


async def test_a_row_that_leads_to_its_own_table_is_not_read_at_once(quoted):
    await quoted.execute(insert(Quoted).values(id=5, words="other"))
    schema = create_model("Twin", __base__=Plain, twins=(list[Plain], ...))
    inserter = Inserter(Reader(Quoted, schema, Search(), ["id"]), "id")
    assert await inserter.insert_and_read(quoted, NewRow({}, {"twins": [5]}), EVERYTHING) is None
    assert len((await quoted.scalars(select(Quoted.id))).all()) == 1  # nothing was done


async def test_links_that_hold_more_than_two_keys_are_right_on_both_databases(quoted):
    label = Label(name="a")
    quoted.add(label)
    await quoted.flush()
    schema = create_model("Noted", __base__=Plain, noted=(list[LabelRead], ...))
    answered = await insert_and_compare(
        quoted, Reader(Quoted, schema, Search(), ["id"]), NewRow({}, {"noted": [label.id]})
    )
    assert answered == (quoted.get_bind().dialect.name == "postgresql")


async def test_a_list_of_keys_finds_what_is_stored_as_something_else(quoted):
    labels = [Label(name=name) for name in ("a", "b")]
    quoted.add_all(labels)
    await quoted.flush()

    def build(dialect):
        keys = members("keys", Label.id.type, dialect)
        return select(Label.name).where(Label.id.in_(select(keys.c.value)))

    assert [tuple(row) for row in await Statement(build).fetch(quoted, keys=[labels[1].id])] == [("b",)]
