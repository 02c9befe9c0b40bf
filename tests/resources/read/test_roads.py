"""The compiled road answers what the ORM and pydantic answer: for every type, over random models and rows."""

import enum
import json
import os
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, computed_field, create_model, field_serializer, field_validator
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    Uuid,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship

from dovetail.api.schemas import UTCTime
from dovetail.database.column_types import UTCDateTime
from dovetail.database.engine.engine import create_engine
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.resources.query.ordering import complete
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ListQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.reader import Reader
from dovetail.resources.sql import node_building
from dovetail.resources.sql.compilable import why_python
from dovetail.resources.sql.json_values import ORJSON_OPTIONS
from dovetail.resources.visibility import Visibility

NUMBERS = count()


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    S = 1
    L = 2


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
MOMENTS = st.datetimes(timezones=st.just(UTC))
# How a column is declared, how the schema calls it, and the values that both databases can hold.
KINDS: dict[str, tuple[Any, Any, st.SearchStrategy[Any]]] = {
    "integer": (Integer, int, st.integers(-(2**31), 2**31 - 1)),
    "small": (SmallInteger, int, st.integers(-(2**15), 2**15 - 1)),
    "big": (BigInteger, int, st.integers(-(2**63), 2**63 - 1)),
    "text": (Text, str, TEXTS),
    "string": (String(50), str, TEXTS),
    "boolean": (Boolean, bool, st.booleans()),
    "float": (Float(53), float, st.floats(allow_nan=False, allow_infinity=False, width=64)),
    "decimal": (Numeric(14, 4), Decimal, st.decimals(-(10**9), 10**9, places=4, allow_nan=False)),
    "tiny": (Numeric(20, 10), Decimal, st.decimals(-1, 1, places=10, allow_nan=False)),
    "date": (Date, date, st.dates()),
    "time": (Time, time, st.times()),
    "moment": (UTCDateTime, UTCTime, MOMENTS),
    "instant": (UTCDateTime, datetime, MOMENTS),
    "naive": (DateTime, datetime, st.datetimes()),
    "uuid": (Uuid, UUID, st.uuids()),
    "colour": (
        Enum(Colour, native_enum=False, values_callable=lambda members: [one.value for one in members]),
        Colour,
        st.sampled_from(Colour),
    ),
    "named_colour": (Enum(Colour, native_enum=False), Colour, st.sampled_from(Colour)),
    "size": (Enum(Size, native_enum=False), Size, st.sampled_from(Size)),
}
KIND_LISTS = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.booleans()), min_size=1, max_size=6)


def make_models(tables: list[list[tuple[str, bool]]]) -> tuple[Any, list[Any]]:
    """Three models: a root with a parent it must have, one it may have, and children with parents of their own."""

    class Base(DeclarativeBase):
        metadata = MetaData()

    number = next(NUMBERS)

    def model(name: str, kinds: list[tuple[str, bool]], **more: Any) -> Any:
        columns = {
            f"f{i}": mapped_column(KINDS[kind][0], nullable=optional) for i, (kind, optional) in enumerate(kinds)
        }
        names = {"__tablename__": f"roads_{number}_{name}", "id": mapped_column(BigInteger, primary_key=True)}
        return type(name.title(), (Base,), names | columns | more)

    owner = model("owner", tables[0])
    root = model(
        "root",
        tables[1],
        owner_id=mapped_column(ForeignKey(f"roads_{number}_owner.id"), nullable=False),
        helper_id=mapped_column(ForeignKey(f"roads_{number}_owner.id"), nullable=True),
    )
    child = model(
        "child",
        tables[2],
        root_id=mapped_column(ForeignKey(f"roads_{number}_root.id")),
        owner_id=mapped_column(ForeignKey(f"roads_{number}_owner.id"), nullable=True),
    )
    root.owner = relationship(owner, foreign_keys=[root.owner_id])
    root.helper = relationship(owner, foreign_keys=[root.helper_id])
    root.children = relationship(child, order_by=child.id.desc())
    child.owner = relationship(owner)
    return Base, [owner, root, child]


def make_schema(name: str, kinds: list[tuple[str, bool]], **more: Any) -> type[BaseModel]:
    fields: dict[str, Any] = {"id": (int, ...)}
    for i, (kind, optional) in enumerate(kinds):
        fields[f"f{i}"] = (KINDS[kind][1] | None if optional else KINDS[kind][1], ...)
    return create_model(name, __config__={"from_attributes": True}, **fields | more)


def values_of(kinds: list[tuple[str, bool]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            f"f{i}": st.none() | KINDS[kind][2] if optional else KINDS[kind][2]
            for i, (kind, optional) in enumerate(kinds)
        }
    )


@st.composite
def tables_with_rows(
    draw: st.DrawFn, counts: tuple[int, int, int]
) -> tuple[list[list[tuple[str, bool]]], list[list[dict[str, Any]]]]:
    """The columns of three tables, and what stands in `counts` rows of each.

    All is drawn before the test begins: hypothesis ends a draw that became too large by an exception, which asyncio
    would report of the test's task.
    """
    tables = [draw(KIND_LISTS) for _ in counts]
    return tables, [[draw(values_of(kinds)) for _ in range(count)] for kinds, count in zip(tables, counts, strict=True)]


def make_rows(models: list[Any], values: list[list[dict[str, Any]]], helper: int | None, owner_of: int | None) -> Any:
    owner, root, child = models
    yield [owner(id=key, **one) for key, one in enumerate(values[0], 1)]
    yield [root(id=key, owner_id=1, helper_id=helper, **one) for key, one in enumerate(values[1], 1)]
    yield [child(id=key, root_id=1, owner_id=owner_of, **one) for key, one in enumerate(values[2], 1)]


@pytest.mark.parametrize("in_list", [True, False])
@settings(
    max_examples=int(os.environ.get("ROADS_EXAMPLES", "15")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    drawn=tables_with_rows((2, 2, 3)),
    helper=st.sampled_from([None, 2]),
    owner_of=st.sampled_from([None, 1]),
    children_have_owners=st.booleans(),
)
async def test_both_roads_write_the_same(  # noqa: PLR0917 - fixtures, and what hypothesis draws
    in_list, make_settings, empty_database_url, drawn, helper, owner_of, children_have_owners
):
    tables, values = drawn
    base, models = make_models(tables)
    owner_schema = make_schema("OwnerRead", tables[0])
    nested = {"owner": (owner_schema | None, ...)} if children_have_owners else {}
    child_schema = make_schema("ChildRead", tables[2], **nested)
    more: dict[str, Any] = {"owner": (owner_schema, ...), "helper": (owner_schema | None, ...)}
    schema = make_schema("RootRead", tables[1], **more | ({"children": (list[child_schema], ...)} if in_list else {}))  # type: ignore[valid-type]  # made at run time
    reader = Reader(models[1], schema, Search(), ["id"])
    request, visibility = PageRequest(ListQuery(), complete(models[1], ())), Visibility(true(), {}, frozenset())
    engine = create_engine(make_settings(database_url=empty_database_url))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        async with AsyncSession(engine) as session, session.begin():
            for batch in make_rows(models, values, helper, owner_of):
                session.add_all(batch)
                await session.flush()
        async with AsyncSession(engine) as session:
            slow = await reader.load(session, request, visibility)
            plan = reader.plan(request, visibility, session.get_bind().dialect)
            source = SessionSource(session)
            compiled = None if plan is None else await reader.run(plan, source, request, visibility)
            floats = {kind for table in tables[::2] for kind, _ in table} & {"float", "decimal", "tiny"}
            if compiled is None:
                assert in_list, reader.why_python(engine.dialect)
                assert floats, reader.why_python(engine.dialect)
                assert engine.dialect.name == "sqlite"
            else:
                assert written(compiled.items) == written(slow.items)
                assert [compiled.position(i) for i in range(2)] == [slow.position(i) for i in range(2)]
    finally:
        async with engine.begin() as connection:
            await connection.run_sync(base.metadata.drop_all)
        await engine.dispose()


def written(items: list[Any]) -> Any:
    return json.loads(orjson.dumps(items, option=ORJSON_OPTIONS))


class Base(DeclarativeBase):
    metadata = MetaData()


class Thing(Base):
    __tablename__ = "roads_thing"

    id = mapped_column(Integer, primary_key=True)
    name = mapped_column(String(50), nullable=False)
    note = mapped_column(String(50), nullable=True)
    data = mapped_column(JSON, nullable=False)
    blob = mapped_column(LargeBinary, nullable=False)


class Upper(BaseModel):
    name: str

    @field_serializer("name")
    def shout(self, value: str) -> str:
        return value.upper()


class Checked(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def check(cls, value: str) -> str:
        return value.strip()


class Computing(BaseModel):
    name: str

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to write it
    @property
    def length(self) -> int:
        return len(self.name)


NEED_PYTHON = [
    Upper,
    Checked,
    Computing,
    create_model("Bytes", blob=(bytes, ...)),
    create_model("Anything", data=(dict[str, int], ...)),
    create_model("NeverNull", note=(str, ...)),
    create_model("OtherType", id=(str, ...)),
    create_model("Configured", __config__={"str_to_upper": True}, name=(str, ...)),
    create_model("Subclass", __base__=Upper, id=(int, ...)),
]


@pytest.mark.parametrize("schema", NEED_PYTHON, ids=lambda schema: schema.__name__)
def test_a_schema_that_needs_python_takes_the_road_of_the_orm(schema):
    for dialect in (postgresql.asyncpg.dialect(), sqlite.aiosqlite.dialect()):
        assert why_python(node_building.build(Thing, schema), dialect)


def test_a_plain_schema_is_compiled():
    plain = create_model("Plain", id=(int, ...), name=(str, ...), note=(str | None, ...))
    assert why_python(node_building.build(Thing, plain), postgresql.asyncpg.dialect()) is None
