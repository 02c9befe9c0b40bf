"""Find, at start, tables of models that the site's database cannot have."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from sqlalchemy import Column, Dialect, Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import NullType

from dovetail.database.engine.unportable_defaults import reasons_of_defaults
from dovetail.database.models import is_managed


def unportable_tables(tables: Iterable[Table], dialect: Dialect) -> Iterator[str]:
    """Yield a message for each table that the database of `dialect` cannot have as it is declared."""
    for table in filter(is_managed, tables):
        for reason in _known_reasons(table, type(dialect)):  # type: ignore[arg-type]  # mypy takes its __hash__ for none
            yield f"the table {table.fullname!r} {reason}"


@lru_cache(maxsize=256)  # every application of a process checks the same tables
def _known_reasons(table: Table, kind: type[Dialect]) -> tuple[str, ...]:
    return tuple(_reasons(table, kind()))


def _reasons(table: Table, dialect: Dialect) -> Iterator[str]:
    if dialect.name == "sqlite":
        yield from _reasons_of_sqlite(table)
    yield from reasons_of_defaults(table, dialect)
    yield from _partial_rules(table, dialect)
    if any(one.foreign_keys and isinstance(one.type, NullType) for one in table.columns):
        return  # it takes its type from a referenced table that does not exist, which another check reports
    try:
        CreateTable(table).compile(dialect=dialect)
    except (CompileError, NotImplementedError) as error:  # the latter of a Sequence
        found = [reason for column in table.columns for reason in _reasons_of_type(column, dialect)]
        yield from found or [
            f"cannot be made on {_title(dialect)}: {_one_line(error)}; remove it, or use another database"
        ]


def _reasons_of_sqlite(table: Table) -> Iterator[str]:
    if table.schema is not None:
        yield f"lies in the schema {table.schema!r}, and SQLite has none; use PostgreSQL, or take `schema` out"
    for column in table.columns:
        if column.system:
            yield (
                f"has the column {column.name!r} of PostgreSQL's own, which SQLite lacks; use PostgreSQL, or count "
                "versions by VersionMixin"
            )
        if column.identity is not None and not (column.primary_key and len(table.primary_key) == 1):
            yield (
                f"has the column {column.name!r} with an Identity, and SQLite counts up nothing but a key; use "
                "PostgreSQL, or give it a default"
            )

    for rule in table.constraints:
        if isinstance(rule, UniqueConstraint | PrimaryKeyConstraint) and (rule.deferrable or rule.initially):
            yield (
                f"has the deferrable constraint {rule.name!r}, and SQLite defers none but foreign keys; take "
                "`deferrable` and `initially` out, or use PostgreSQL"
            )


def _partial_rules(table: Table, dialect: Dialect) -> Iterator[str]:
    """Yield what is unique in some rows of one database, and would be so in others of another."""
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}.get(dialect.name, "")
    for index in sorted((one for one in table.indexes if one.unique), key=lambda one: str(one.name)):
        if _option(index, other, "where") is not None and _option(index, dialect.name, "where") is None:
            yield (
                f"has the unique index {index.name!r} with {other}_where, which would hold for all rows on "
                f"{_title(dialect)}; say {dialect.name}_where too"
            )
    unique: list[Index | UniqueConstraint] = [*table.indexes]
    unique += [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    if dialect.name == "sqlite" and any(_option(one, "postgresql", "nulls_not_distinct") for one in unique):
        yield (
            "takes nulls for alike in what is unique (postgresql_nulls_not_distinct), and SQLite does not; take it "
            "out, or use PostgreSQL"
        )


def _option(rule: Index | UniqueConstraint, dialect: str, name: str) -> object:
    return rule.dialect_kwargs.get(f"{dialect}_{name}")


def _reasons_of_type(column: Column[object], dialect: Dialect) -> Iterator[str]:
    try:
        column.type.compile(dialect=dialect)
    except CompileError:
        yield (
            f"has the column {column.name!r} of the type {type(column.type).__name__}, which {_title(dialect)} lacks; "
            f'use another database, or give it a second type: .with_variant(String(), "{dialect.name}")'
        )


def _title(dialect: Dialect) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(dialect.name, dialect.name)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).partition("(Background")[0].split()).rstrip(".")
