"""Find, at start, server defaults that a database cannot compute, or that the type of their column cannot read back."""

import re
import sqlite3
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import JSON, Column, Date, DateTime, Dialect, Enum, Interval, Sequence, Table, TextClause, Time, Uuid
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateTable, DefaultClause
from sqlalchemy.types import TypeDecorator, TypeEngine

READ_FROM_TEXTS = (Date, DateTime, Enum, JSON, Time, Uuid)  # as SQLite keeps them
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
    kind = column.type.dialect_impl(dialect)
    below = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if not isinstance(below, READ_FROM_TEXTS) or (dialect.name != "sqlite" and not isinstance(below, Enum)):
        return None  # PostgreSQL itself refuses what is no value of the column
    said = f"gives the column {column.name!r} the server_default {stored!r}, which"
    read = kind.result_processor(dialect, None)
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
    try:
        default = dialect.ddl_compiler(dialect, CreateTable(column.table)).get_column_default_string(column)
    except (CompileError, NotImplementedError):  # a Sequence
        return None  # told of the whole table
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"SELECT {default}")
    except sqlite3.OperationalError as error:
        return (
            f"gives the column {column.name!r} the server_default {default}, of which SQLite says: {error}; give it "
            "default= instead, or use PostgreSQL"
        )
    finally:
        connection.close()
    return None
