"""Find, at start, server defaults that a database cannot compute, or that the type of their column cannot read back."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Enum,
    Interval,
    Sequence,
    Table,
    TextClause,
    Time,
    Uuid,
)
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import DefaultClause
from sqlalchemy.types import TypeDecorator, TypeEngine

READ_FROM_TEXTS = (Boolean, Date, DateTime, Enum, JSON, Time, Uuid)  # as SQLite keeps them
FLAGS = ("0", "1")  # SQLite keeps 'false' as a text, which would be read as True
QUOTED = re.compile(r"\s*'((?:[^']|'')*)'\s*")  # a literal and nothing else


def reasons_of_defaults(table: Table, dialect: Dialect) -> Iterator[str]:
    """Yield what is wrong with each server default of a table."""
    for column in table.columns:
        reason = _reason(column, dialect)
        if reason is not None:
            yield reason


def _reason(column: Column[object], dialect: Dialect) -> str | None:
    is_sqlite = dialect.name == "sqlite"
    is_only_key = column.primary_key and len(column.table.primary_key) == 1
    if is_sqlite and isinstance(column.default, Sequence) and not is_only_key:
        return (
            f"counts up the column {column.name!r} by the Sequence {column.default.name!r}, and SQLite has none; use "
            "PostgreSQL, or give it a default"
        )
    if not isinstance(column.server_default, DefaultClause):
        return None
    stored = _literal(column.server_default)
    if stored is not None:
        return _why_unread(column, stored, dialect)
    return _why_not_computed(column, dialect) if is_sqlite else None


def _literal(default: DefaultClause) -> str | None:
    if isinstance(default.arg, str):
        return default.arg
    found = QUOTED.fullmatch(default.arg.text) if isinstance(default.arg, TextClause) else None
    return None if found is None else found[1].replace("''", "'")


def _why_unread(column: Column[object], stored: str, dialect: Dialect) -> str | None:
    below = column.type.dialect_impl(dialect)
    while isinstance(below, TypeDecorator):  # its own code may need what is not there at start
        below = below.impl_instance
    if not isinstance(below, READ_FROM_TEXTS) or (dialect.name != "sqlite" and not isinstance(below, Enum)):
        return None  # PostgreSQL itself refuses what is no value of the column
    said = f"gives the column {column.name!r} the server_default {stored!r}, which"
    if isinstance(below, Boolean):
        return None if stored in FLAGS else f"{said} SQLite would keep as a text; write true() or false() of sqlalchemy"
    read = below.result_processor(dialect, None)
    try:
        value = stored if read is None else read(stored)
    except (LookupError, TypeError, ValueError):
        return f"{said} its type {type(column.type).__name__} cannot read on {dialect.name}; {_instead(column.type)}"
    if isinstance(below, Uuid) and stored != UUID(str(value)).hex:
        return f"{said} no filter would find on SQLite; write it as it is kept, {UUID(str(value)).hex!r}"
    return None


def _instead(kind: TypeEngine[object]) -> str:
    if isinstance(kind, Enum):
        return f"write one of {', '.join(map(repr, kind.enums))}"
    if isinstance(kind, Interval):
        return "give it default=timedelta(...) instead"
    return "write it as it is kept there, or give it default= instead"


def _why_not_computed(column: Column[object], dialect: Dialect) -> str | None:
    """Return what SQLite says of an expression that it would compute with each new row."""
    # With CREATE TABLE as its statement it would compile the whole table, for each of its columns.
    compiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]  # as Compiled, which it is, allows
    try:
        default, specification = compiler.get_column_default_string(column), compiler.get_column_specification(column)
    except (CompileError, NotImplementedError):  # a Sequence, or a type that SQLite lacks
        return None  # told of the whole table
    computed = f"SELECT {default}" if column.default is None else ""  # where Python gives a value, it is not computed
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.executescript(f"CREATE TABLE one ({specification}); {computed}")
        except sqlite3.OperationalError as error:
            return (
                f"gives the column {column.name!r} the server_default {default}, of which SQLite says: {error}; give "
                "it default= instead, or use PostgreSQL"
            )
    return None
