"""Read from an error of a driver which rule of the database a row breaks, and of which columns that is one.

SQLite has one text for both a name and, where a check has none, its SQL; of a foreign key it says nothing.
"""

import re
from collections.abc import Iterable

from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import ColumnCollectionConstraint, CreateIndex

from dovetail.database.drivers.lost_connections import code_of

# https://www.postgresql.org/docs/current/errcodes-appendix.html, https://www.sqlite.org/rescode.html
CODES = ("23514", "23P01", "SQLITE_CONSTRAINT_CHECK")
_NAME = re.compile(r"CHECK constraint failed: (.*)", re.DOTALL)
_INDEX = re.compile(r"UNIQUE constraint failed: index '(.*)'")
_COLUMNS = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (.*)")


def breaks_a_rule(error: object) -> bool:
    """Return True if a CHECK or an EXCLUDE has refused a row."""
    return code_of(error) in CODES


def broken_rule(error: object) -> str | None:
    """Return what the database calls the rule that a row breaks: a name, or the SQL of an unnamed check of SQLite.

    None where SQLite names columns.
    """
    named = getattr(getattr(error, "__cause__", None), "constraint_name", None)  # asyncpg's
    if named is not None:
        return str(named)
    found = _NAME.search(str(error)) or _INDEX.search(str(error))
    return found[1] if found else None


def refused_columns(error: object, tables: Iterable[Table]) -> list[Column[object]]:
    """Return those columns of `tables` that a row breaks a rule of; none, if the driver does not tell."""
    called, named = broken_rule(error), named_columns(error)
    found: list[Column[object]] = []
    for table in tables:
        found += [one for one in table.columns if (table.name, one.name) in named]
        if called is not None:
            rules: list[Constraint | Index] = [*table.constraints, *table.indexes]
            found += [one for rule in rules if is_called(rule, called) for one in _columns_of(rule, table)]
    return list(dict.fromkeys(found))


def is_deferred(key: ForeignKeyConstraint) -> bool:
    """Return whether the database looks at a foreign key when it commits."""
    return bool(key.deferrable) and (key.initially or "").upper() == "DEFERRED"


def named_columns(error: object) -> set[tuple[str, str]]:
    """Return the columns that the driver names itself, each with its table."""
    cause = getattr(error, "__cause__", None)
    if column := getattr(cause, "column_name", None):
        return {(str(getattr(cause, "table_name", "")), str(column))}
    found = _COLUMNS.search(str(error))
    pairs = [one.strip().rpartition(".") for one in found[1].split(",")] if found else []
    return {(table, column) for table, _, column in pairs}


def is_called(rule: Constraint | Index, name: str) -> bool:
    """Return whether the database calls a rule so."""
    # PostgreSQL's names have 63 bytes; SQLAlchemy makes longer ones shorter.
    return rule.name == name or (isinstance(rule.name, str) and len(rule.name) > len(name) and _short(rule) == name)


def _short(rule: Constraint | Index) -> str:
    preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]  # documented
    found = preparer.format_index(rule) if isinstance(rule, Index) else preparer.format_constraint(rule)
    return str(found).strip('"')


def _columns_of(rule: Constraint | Index, table: Table) -> Iterable[Column[object]]:
    if isinstance(rule, ColumnCollectionConstraint | Index) and len(rule.columns):
        return rule.columns
    # Of texts, whose words are looked at. AddConstraint would leave the constraint out of every later CREATE TABLE.
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # documented
    compiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]  # of no statement
    made = compiler.process(CreateIndex(rule) if isinstance(rule, Index) else rule)
    words = set(re.findall(r"\w+", str(made).partition("(")[2]))
    return [one for one in table.columns if one.name in words]
