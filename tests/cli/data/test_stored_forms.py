"""What a column holds is written and read as it is, even where JSON has no such value."""

import enum
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import click
import pytest
from sqlalchemy import (
    ARRAY,
    CHAR,
    JSON,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Enum,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Time,
    insert,
    null,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine, UserDefinedType

from dovetail.cli.data.dump_files import records
from dovetail.cli.data.table_loader import TableLoader
from dovetail.cli.data.table_rows import TableRows
from dovetail.context import open_context
from dovetail.plugin import Context
from dovetail.registry import load_registry
from dovetail.testing.databases import TestDatabases
from tests.outside import settings_for


class Corner(enum.Enum):
    LEFT = (0, 1)
    RIGHT = (1, 1)


class Guid(TypeDecorator[uuid.UUID]):
    """As SQLAlchemy's documents have it: https://docs.sqlalchemy.org/en/21/core/custom_types.html."""

    impl = CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[object]:
        return dialect.type_descriptor(postgresql.UUID() if dialect.name == "postgresql" else CHAR(32))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> object:
        return value if value is None or dialect.name == "postgresql" else value.hex

    def process_result_value(self, value: object, dialect: Dialect) -> uuid.UUID | None:
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(str(value))


class Anything(UserDefinedType[object]):
    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        return "ANYTHING"


class Circle(UserDefinedType[object]):
    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        return "CIRCLE"


TOKEN = uuid.UUID(int=2**128 - 1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
RANGES: list[object] = [Range(1, 5), Range(empty=True), Range(None, 5), Range(1, None), Range()]
VALUES: dict[str, tuple[TypeEngine[object], list[object]]] = {
    "date": (Date(), [date.min, date.max]),
    "moment": (DateTime(timezone=True), [FIRST, LAST]),
    "clock": (DateTime(), [datetime.min, datetime.max]),  # noqa: DTZ901 - of no zone
    "time": (Time(timezone=True), [time(1, 2, tzinfo=UTC)]),
    "interval": (Interval(), [timedelta(days=-3, microseconds=1)]),
    "number": (Numeric(), [Decimal("123456789.123"), Decimal("1E-12"), Decimal("-0.5"), Decimal(7)]),
    "price": (Numeric(12, 2), [Decimal("-9999999999.99")]),
    "float": (Double(), [5e-324, 1 / 3, 1.7e308]),
    "facts": (JSON(), [{"a": [None, 2**70, "\u2028"]}, "null", 0, False, JSON.NULL, None]),
    "words": (JSON().with_variant(postgresql.ARRAY(String), "postgresql"), [["a", "{b,"], []]),
    "corner": (Enum(Corner), [Corner.RIGHT]),
    "choice": (Enum("a", "ü 1/%", name="forms_choice"), ["ü 1/%"]),
    "guid": (Guid(), [TOKEN]),
}
POSTGRESQL: dict[str, tuple[TypeEngine[object], list[object]]] = {
    "array": (ARRAY(Integer), [[1, None], [], [[1, 2], [3, None]]]),
    "texts": (ARRAY(String(5)), [["NULL", None, '"{,}\\']]),
    "tuple": (ARRAY(Integer, as_tuple=True), [(1, 2)]),
    "corners": (ARRAY(Enum(Corner, name="forms_corner")), [[Corner.LEFT, None]]),
    "bytes": (ARRAY(LargeBinary), [[b"\xff", None]]),
    "ranges": (ARRAY(postgresql.INT4RANGE), [[Range(1, 3), None]]),
    "bits": (ARRAY(postgresql.BIT(2)), [[postgresql.BitString("10")]]),
    "bit": (postgresql.BIT(varying=True), [postgresql.BitString("1011"), postgresql.BitString("")]),
    "range": (postgresql.INT4RANGE(), RANGES),
    "days": (postgresql.DATERANGE(), [Range(date(1, 1, 1), date(9999, 12, 30)), Range(date(2026, 1, 1), None)]),
    "times": (postgresql.TSTZRANGE(), [Range(datetime(2026, 1, 1, tzinfo=UTC), None, bounds="()")]),
    "multirange": (postgresql.INT8MULTIRANGE(), [[Range(1, 3), Range(5, 7)], []]),
    "money": (postgresql.MONEY(), ["$1,234.56", "-$0.05"]),
    "domain": (postgresql.DOMAIN("forms_even", SmallInteger, check=text("VALUE % 2 = 0")), [4]),
    "ranged": (postgresql.DOMAIN("forms_range", postgresql.INT4RANGE), [(1, 3)]),
    "number": (Numeric(), [Decimal("1E+30"), Decimal("1234567890123456789.0123456789")]),
    "null": (postgresql.JSONB(), [JSON.NULL, None]),
}
OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


@pytest.fixture
def urls(_databases: TestDatabases) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(_databases.empty(kind)) for kind in OTHER}


@pytest.fixture
async def contexts(urls: dict[str, str]) -> AsyncIterator[dict[str, Context]]:
    async with AsyncExitStack() as stack:
        every = {kind: settings_for(url) for kind, url in urls.items()}
        yield {
            kind: await stack.enter_async_context(open_context(settings, load_registry(settings)))
            for kind, settings in every.items()
        }


async def make(context: Context, kind: TypeEngine[object]) -> Table:
    table = Table("forms", MetaData(), Column("id", Integer, primary_key=True), Column("value", kind))
    async with context.database.unit_of_work() as session:
        for step in (table.metadata.drop_all, table.metadata.create_all):
            await session.run_sync(lambda sync, step=step: step(sync.connection()))
    return table


async def dumped(context: Context, table: Table) -> list[str]:
    rows = TableRows(table, context.database.engine.dialect)
    async with context.database.unit_of_work() as session:
        found = await session.execute(select(*rows.selected()).order_by(table.c.id))
        return [rows.write(tuple(row)) for row in found]


async def load(context: Context, table: Table, path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines))  # noqa: ASYNC240 - a line or two
    async with context.database.unit_of_work() as session:
        loader = TableLoader(session, {table.key: table})
        for record in records(path):
            await loader.load([record])
        await loader.finish()


async def stored(context: Context, table: Table) -> list[tuple[object, ...]]:
    """What is there: the value, and whether it is NULL."""
    is_null = type_coerce(table.c.value, NullType()).is_(null())
    async with context.database.unit_of_work() as session:
        found = await session.execute(select(table.c.value, is_null).order_by(table.c.id))
        return [tuple(row) for row in found]


async def filled(context: Context, kind: TypeEngine[object], values: list[object]) -> Table:
    table = await make(context, kind)
    async with context.database.unit_of_work() as session:
        for number, value in enumerate(values, 1):
            await session.execute(insert(table).values(id=number, value=value))
    return table


async def assert_equal_in(
    here: Context, there: Context, path: Path, kind: TypeEngine[object], values: list[object]
) -> None:
    source = await filled(here, kind, values)
    lines, expected = await dumped(here, source), await stored(here, source)
    target = await make(there, kind)
    await load(there, target, path, lines)
    assert await stored(there, target) == expected
    assert await dumped(there, target) == lines


@pytest.mark.parametrize("kind", OTHER)
async def test_a_value_of_both_databases_is_the_same_in_the_other(contexts, tmp_path, kind):
    for column, values in VALUES.values():
        await assert_equal_in(contexts[kind], contexts[OTHER[kind]], tmp_path / "dump", column, values)


@pytest.mark.parametrize(
    ("variant", "value"),
    [(postgresql.INET(), "10.0.0.1"), (postgresql.INT4RANGE(), "[1,5)"), (postgresql.UUID(), str(TOKEN))],
)
async def test_a_column_that_is_a_text_elsewhere_has_one_form(contexts, tmp_path, variant, value):
    lines = [f'{{"table": "forms", "row": {{"id":1,"value":"{value}"}}}}']
    for context in contexts.values():
        table = await make(context, String().with_variant(variant, "postgresql"))
        await load(context, table, tmp_path / "dump", lines)
        assert await dumped(context, table) == lines


async def test_a_value_that_postgresql_alone_has_is_the_same_afterwards(contexts, tmp_path):
    for column, values in POSTGRESQL.values():
        await assert_equal_in(contexts["postgresql"], contexts["postgresql"], tmp_path / "dump", column, values)


@pytest.mark.parametrize("kind", OTHER)
async def test_numbers_in_json_keep_all_their_digits_and_what_is_no_json_is_refused(contexts, tmp_path, kind):
    long = '{"a":[12345678901234567890.123456789,1e400,-0.10],"b":"\\ud800 1.50"}'
    here, there = contexts[kind], contexts[OTHER[kind]]
    for column in (JSON(), JSON(none_as_null=True)):
        source, target = await make(here, column), await make(there, column)
        async with here.database.unit_of_work() as session:
            await session.execute(text(f"INSERT INTO forms VALUES (1, '{long}')".replace(":", "\\:")))
        lines = await dumped(here, source)
        assert lines == [f'{{"table": "forms", "row": {{"id":1,"value":{long}}}}}']
        await load(there, target, tmp_path / "dump", lines)
        assert await dumped(there, target) == lines
    if kind == "sqlite":
        async with here.database.unit_of_work() as session:
            await session.execute(text("UPDATE forms SET value = '[NaN]'"))
        with pytest.raises(ValueError, match="'value' holds no JSON: NaN is no JSON"):
            await dumped(here, source)


async def test_a_value_of_any_kind_in_a_column_of_no_known_one_is_the_same_afterwards(contexts, tmp_path):
    values: list[object] = ["a", 1, 1.5, b"\xff", None]
    await assert_equal_in(contexts["sqlite"], contexts["sqlite"], tmp_path / "dump", Anything(), values)


async def test_what_sqlite_would_change_is_refused(contexts, tmp_path):
    for kind, value in ((Numeric(), "1234567890123456.7"), (Numeric(30, 10), "12345678901234567890.01")):
        source = await filled(contexts["postgresql"], kind, [Decimal(value)])
        target = await make(contexts["sqlite"], kind)
        with pytest.raises(click.ClickException, match=r"forms\.value: SQLite keeps 15 digits of a number"):
            await load(contexts["sqlite"], target, tmp_path / "dump", await dumped(contexts["postgresql"], source))


@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize(
    "case",
    [
        (JSON(), '"row": {"id": 1, "value": 1}, "json_null": ["value"]', "json_null names columns of the row that are"),
        (JSON(), '"row": {"id": 1, "value": null}, "json_null": "value"', "json_null names columns of the row that"),
        (JSON(), '"row": {"id": 1, "value": null}, "more": 1', 'expected {"table": "...", "row": {...}}'),
        (Enum(Corner), '"row": {"id": 1, "value": "UP"}', "forms.value: expected one of LEFT, RIGHT"),
        (DateTime(timezone=True), '"row": {"id": 1, "value": "2026-01-01T00:00:00"}', "should have timezone info"),
        (DateTime(), '"row": {"id": 1, "value": "2026-01-01T00:00:00Z"}', "should not have timezone info"),
        (Time(timezone=True), '"row": {"id": 1, "value": "12:00"}', "A time of day has no timezone; write it as"),
        (Guid(), '"row": {"id": 1, "value": "7"}', "forms.value: Input should be a valid UUID"),
    ],
)
async def test_what_is_none_of_a_column_is_refused_in_one_line(contexts, tmp_path, kind, case):
    column, line, words = case
    table = await make(contexts[kind], column)
    with pytest.raises(click.ClickException, match=re.escape(words)):
        await load(contexts[kind], table, tmp_path / "dump", [f'{{"table": "forms", {line}}}'])


async def test_a_text_that_postgresql_takes_for_no_value_is_refused_in_one_line(contexts, tmp_path):
    for column, value in ((postgresql.INT4RANGE(), "[5,1)"), (postgresql.BIT(2), "12"), (Circle(), "round")):
        table = await make(contexts["postgresql"], column)
        lines = [f'{{"table": "forms", "row": {{"id": 1, "value": "{value}"}}}}']
        with pytest.raises(click.ClickException, match="line 1: A value cannot be stored"):
            await load(contexts["postgresql"], table, tmp_path / "dump", lines)


async def test_a_value_that_is_none_of_its_column_is_named_by_the_column(contexts):
    table = await filled(contexts["sqlite"], Integer(), [1])
    async with contexts["sqlite"].database.unit_of_work() as session:
        await session.execute(text("UPDATE forms SET value = 'one'"))
    with pytest.raises(ValueError, match="field_name='value', input_value='one'"):
        await dumped(contexts["sqlite"], table)
