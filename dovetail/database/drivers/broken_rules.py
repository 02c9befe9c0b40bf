"""Read from a driver's error which constraint a row violates, and the columns of that constraint.

SQLite's message has the name of a CHECK or, if it has none, its SQL; for a foreign key it names nothing.
"""

import logging
import re
from collections.abc import Iterable

from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import ColumnCollectionConstraint, CreateIndex

from dovetail.database.drivers.lost_connections import code_of

# https://www.postgresql.org/docs/current/errcodes-appendix.html, https://www.sqlite.org/rescode.html
CODES = ("23514", "23P01", "SQLITE_CONSTRAINT_CHECK", "SQLITE_CONSTRAINT_TRIGGER")
RAISED = ("P0001", "44000")  # by RAISE in a trigger, and by the WITH CHECK OPTION of a view
logger = logging.getLogger(__name__)
_NAME = re.compile(r"CHECK constraint failed: (.*)", re.DOTALL)
_INDEX = re.compile(r"UNIQUE constraint failed: index '(.*)'")
_COLUMNS = re.compile(r"(?:UNIQUE|NOT NULL) constraint failed: (.*)")


def breaks_a_rule(error: object) -> bool:
    """Return True if a row violates a CHECK or EXCLUDE constraint, or a trigger of SQLite refuses it."""
    return code_of(error) in CODES


def is_raised(error: object) -> bool:
    """Return True if a trigger or a view of PostgreSQL refuses a row, and log its message."""
    # An author may give any code to RAISE, so it is recognized by the function of the server that executes it.
    if code_of(error) not in RAISED and _server_function(error) != "exec_stmt_raise":
        return False
    logger.info("The database refuses a row: %s", getattr(error, "__cause__", error))
    return True


def is_of_row_security(error: object) -> bool:
    """Return True if a policy of row-level security does not allow a row as it would be."""
    return code_of(error) == "42501" and _server_function(error) == "ExecWithCheckOptions"


def broken_rule(error: object) -> str | None:
    """Return the name of the violated constraint, or the SQL of an unnamed CHECK on SQLite.

    Return None if the error names columns instead, as SQLite's does for UNIQUE.
    """
    named = getattr(getattr(error, "__cause__", None), "constraint_name", None)  # asyncpg's
    if named is not None:
        return str(named)
    found = _NAME.search(str(error)) or _INDEX.search(str(error))
    return found[1] if found else None


def refused_columns(error: object, tables: Iterable[Table]) -> list[Column[object]]:
    """Return the columns of the violated constraint, among those of `tables`; an empty list if they are unknown."""
    called, named = broken_rule(error), named_columns(error)
    found: list[Column[object]] = []
    for table in tables:
        found += [one for one in table.columns if (table.name, one.name) in named]
        if called is not None:
            rules: list[Constraint | Index] = [*table.constraints, *table.indexes]
            found += [one for rule in rules if is_called(rule, called) for one in _columns_of(rule, table)]
    return list(dict.fromkeys(found))


def is_deferred(key: ForeignKeyConstraint) -> bool:
    """Return True if the database checks a foreign key only at COMMIT."""
    return bool(key.deferrable) and (key.initially or "").upper() == "DEFERRED"


def named_columns(error: object) -> set[tuple[str, str]]:
    """Return the columns that the error names, as pairs of table and column."""
    cause = getattr(error, "__cause__", None)
    if column := getattr(cause, "column_name", None):
        return {(str(getattr(cause, "table_name", "")), str(column))}
    found = _COLUMNS.search(str(error))
    pairs = [one.strip().rpartition(".") for one in found[1].split(",")] if found else []
    return {(table, column) for table, _, column in pairs}


def is_called(rule: Constraint | Index, name: str) -> bool:
    """Return True if the constraint or index has this name in the database."""
    # PostgreSQL's names have at most 63 bytes; SQLAlchemy shortens longer ones.
    return rule.name == name or (isinstance(rule.name, str) and len(rule.name) > len(name) and _short(rule) == name)


def _server_function(error: object) -> str:
    return str(getattr(getattr(error, "__cause__", None), "server_source_function", ""))  # asyncpg's


def _short(rule: Constraint | Index) -> str:
    preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]  # documented
    found = preparer.format_index(rule) if isinstance(rule, Index) else preparer.format_constraint(rule)
    return str(found).strip('"')


def _columns_of(rule: Constraint | Index, table: Table) -> Iterable[Column[object]]:
    if isinstance(rule, ColumnCollectionConstraint | Index) and len(rule.columns):
        return rule.columns
    # A rule given as SQL text: search it for column names. AddConstraint is no option: it would exclude the constraint
    # from every later CREATE TABLE.
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # documented
    compiler = dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]  # of no statement
    made = compiler.process(CreateIndex(rule) if isinstance(rule, Index) else rule)
    words = set(re.findall(r"\w+", str(made).partition("(")[2]))
    return [one for one in table.columns if one.name in words]
