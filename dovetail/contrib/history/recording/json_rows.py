"""SQL constructs that turn rows into JSON in the database, with the same result on PostgreSQL and SQLite.

The values of a recorded row are written by the database itself, so they need not be fetched and sent back.
"""

from collections.abc import Mapping
from typing import cast

from sqlalchemy import (
    BINARY,
    JSON,
    VARBINARY,
    BindParameter,
    Boolean,
    Cast,
    ColumnElement,
    DateTime,
    Float,
    LargeBinary,
    Numeric,
    Text,
    Uuid,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.database.column_types import UTCDateTime

TRANSACTION = "dovetail_history_transaction"  # SQL functions that `sqlite_functions.py` defines
UNHEX = "dovetail_history_unhex"
BYTES = (LargeBinary, BINARY, VARBINARY)
SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
MAX_PAIRS = 40  # pairs in one function call: PostgreSQL allows 50, SQLite 63


class json_row(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """A JSON object of the given names and values."""

    type = Text()
    inherit_cache = True

    def __init__(self, values: Mapping[str, ColumnElement[object]]) -> None:
        pairs = [(sql_text(name), in_json(value)) for name, value in values.items()]
        super().__init__(*(part for pair in pairs for part in pair))


class in_json(FunctionElement[object]):  # noqa: N801 - as above
    """A value as a member of a JSON object: on SQLite, too, in the form of PostgreSQL's `json_build_object`."""

    inherit_cache = True

    def __init__(self, value: ColumnElement[object]) -> None:
        self.type = value.type
        super().__init__(value)


class from_json(FunctionElement[object]):  # noqa: N801 - as above
    """The inverse of `in_json`: the value of a column, from the JSON text `of_json`; used on SQLite."""

    inherit_cache = True

    def __init__(self, of_json: ColumnElement[object], kind: TypeEngine[object]) -> None:
        self.type = kind
        super().__init__(of_json)


class current_transaction(FunctionElement[int]):  # noqa: N801 - as above
    """The number of the current transaction: PostgreSQL's own; on SQLite, 1 + the id of the last line before it."""

    inherit_cache = True


def sql_text(text: str) -> ColumnElement[object]:
    """Return a text literal that is rendered inline rather than as a parameter."""
    return cast("ColumnElement[object]", literal_column("'" + text.replace("'", "''") + "'", Text()))


@compiles(json_row, "postgresql")
def _postgresql_row(element: json_row, compiler: SQLCompiler, **kwargs: object) -> str:
    chunks = [", ".join(chunk) for chunk in _chunks(element, compiler, kwargs)]
    if len(chunks) == 1:
        return f"json_build_object({chunks[0]})"
    return f"CAST({' || '.join(f'jsonb_build_object({chunk})' for chunk in chunks)} AS JSON)"


@compiles(json_row, "sqlite")
def _sqlite_row(element: json_row, compiler: SQLCompiler, **kwargs: object) -> str:
    first, *others = _chunks(element, compiler, kwargs)
    made = f"json_object({', '.join(first)})"
    for chunk in others:  # json_set, since json_patch would drop null values
        paths = [f"""'$."{one[1:]}""".removesuffix("'") + """"'""" if not n % 2 else one for n, one in enumerate(chunk)]
        made = f"json_set({made}, {', '.join(paths)})"
    return made


@compiles(in_json, "postgresql")
def _postgresql_value(element: in_json, compiler: SQLCompiler, **kwargs: object) -> str:
    (value,) = element.clauses
    if isinstance(value, BindParameter):  # asyncpg sends no type for many parameters, and no column implies one here
        value = Cast(value, element.type)
    if isinstance(kept_by_postgresql(element.type), postgresql.HSTORE):  # json_populate_recordset reads hstore as text
        value = Cast(value, Text())
    return str(compiler.process(value, **kwargs))


@compiles(in_json, "sqlite")
def _sqlite_value(element: in_json, compiler: SQLCompiler, **kwargs: object) -> str:  # noqa: PLR0911 - one a type
    value, kind = compiler.process(element.clauses, **kwargs), bare(element.type)
    if isinstance(kind, Boolean):
        return f"json(CASE WHEN {value} THEN 'true' WHEN NOT {value} THEN 'false' ELSE 'null' END)"
    if isinstance(kind, JSON):
        return f"json({value})"
    if isinstance(kind, BYTES):
        return f"CASE WHEN {value} IS NOT NULL THEN '\\x' || lower(hex({value})) END"
    if isinstance(kind, DateTime):
        zone = " || '+00:00'" if isinstance(element.type, UTCDateTime) else ""
        return f"replace({value}, ' ', 'T'){zone}"
    if isinstance(kind, Float | Numeric):  # json_object prints 15 digits, which may read back as another number
        exact = f"json(printf('%!.17g', {value}))"
        differs = f"CAST(printf('%!.15g', {value}) AS REAL) <> {value} AND abs({value}) < 1e308"
        return f"CASE WHEN typeof({value}) = 'real' AND {differs} THEN {exact} ELSE {value} END"
    if isinstance(kind, Uuid):
        parts = " || '-' || ".join(f"substr({value}, {start}, {length})" for start, length in _UUID)
        return f"CASE WHEN instr({value}, '-') THEN {value} ELSE {parts} END"
    return str(value)


@compiles(from_json)
def _printed_column(element: from_json, compiler: SQLCompiler, **kwargs: object) -> str:
    return f"from_json({compiler.process(element.clauses, **kwargs)})"  # only seen when a statement is printed


@compiles(from_json, "sqlite")
def _sqlite_column(element: from_json, compiler: SQLCompiler, **kwargs: object) -> str:
    member, kind = compiler.process(element.clauses, **kwargs), bare(element.type)
    value = f"({member} ->> '$')"
    if isinstance(kind, JSON):
        return f"nullif({member}, 'null')" if kind.none_as_null else member
    if isinstance(kind, BYTES):
        return f"{UNHEX}({value})"
    if isinstance(kind, DateTime):
        moment = f"replace({value}, 'T', ' ')"
        return f"substr({moment}, 1, length({moment}) - 6)" if isinstance(element.type, UTCDateTime) else moment
    if isinstance(kind, Float | Numeric):  # numbers with more than 15 digits are passed as text
        return f"CAST({value} AS NUMERIC)"
    return f"replace({value}, '-', '')" if isinstance(kind, Uuid) else value


_UUID = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


@compiles(current_transaction, "postgresql")
def _postgresql_transaction(_element: current_transaction, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"


@compiles(current_transaction, "sqlite")
def _sqlite_transaction(_element: current_transaction, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return f"(SELECT {TRANSACTION}({_LAST_LINE}))"  # a subquery, so that it is evaluated once and not for each row


_LAST_LINE = "(SELECT seq FROM sqlite_sequence WHERE name = 'history_change')"


def bare(kind: TypeEngine[object]) -> TypeEngine[object]:
    """Return the type that SQLite stores, without its TypeDecorators."""
    while isinstance(kind, TypeDecorator):
        kind = kind.load_dialect_impl(SQLITE)
    return kind


def kept_by_postgresql(kind: TypeEngine[object]) -> TypeEngine[object]:
    """Return the type that PostgreSQL stores, without its TypeDecorators, which may differ from SQLite's."""
    while isinstance(kind, TypeDecorator):
        kind = kind.load_dialect_impl(POSTGRESQL)
    return kind


def _chunks(element: json_row, compiler: SQLCompiler, kwargs: dict[str, object]) -> list[list[str]]:
    parts = [str(compiler.process(part, **kwargs)) for part in element.clauses]
    return [parts[start : start + 2 * MAX_PAIRS] for start in range(0, len(parts), 2 * MAX_PAIRS)] or [[]]
