"""Statements that also confirm the presumed user row (a cached row, not yet read again); see `database/presumed.py`."""

from collections.abc import Sequence

from sqlalchemy import BindParameter, Column, ColumnElement, Dialect, Select, bindparam, literal_column, select, true
from sqlalchemy.types import UserDefinedType

from dovetail.database.presumed import Presumable, Presumed
from dovetail.resources.schemas.secret_columns import is_secret
from dovetail.resources.sql.statements import PRESUMED

IS_FOUND = "is_found"  # null if the user's row was found, but no row of `read`
IS_CONFIRMED = "is_confirmed"


def confirming(presumed: Presumed, read: Select[object], dialect: Dialect) -> Select[object]:
    """Return the SELECT of the user's row, then IS_FOUND, then the row of `read`.

    It returns no row if the user's row does not exist.
    """
    columns = presumed.statement.select(dialect).subquery("presumed")
    found = read.add_columns(literal_column("1").label(IS_FOUND)).subquery("found")
    there = found.c[IS_FOUND]
    others = [column for column in found.c if column is not there]
    return select(*columns.c, there, *others).select_from(columns.outerjoin(found, true()))


def also_confirming(presumed: Presumed, read: Select[object], dialect: Dialect) -> Select[object]:
    """Return `read` with a last column, which is true if the user's row still has the values of `confirmed_by`.

    The database compares the row once, and no row of the result repeats it. A result without rows says nothing.
    """
    return read.add_columns(is_confirmed(presumed.statement, dialect).label(IS_CONFIRMED))


def share_names(presumed: Presumed, binds: Sequence[BindParameter[object]]) -> bool:
    """Return True if a placeholder in `binds` has the name of one that confirms the user's row."""
    return any(bind.key in presumed.values or bind.key.startswith(PRESUMED) for bind in binds)


def is_confirmed(statement: Presumable, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that the user's row still has the values of the PRESUMED placeholders.

    Secret columns are not compared: no decision depends on them, and a database may log its arguments.
    """
    query = statement.select(dialect)
    row = query.subquery("presumed")
    compared = [not (isinstance(column, Column) and is_secret(column)) for column in query.selected_columns]
    values = [bindparam(f"{PRESUMED}{number}", type_=_DriverValue()) for number in range(len(compared))]
    same = [
        column.is_not_distinct_from(value)
        for column, value, is_compared in zip(row.c, values, compared, strict=True)
        if is_compared
    ]
    return select(literal_column("1")).select_from(row).where(*same).exists()


class _DriverValue(UserDefinedType[object]):
    """A value from the driver, sent back unconverted; PostgreSQL infers its type from the column compared with it."""

    cache_ok = True
