"""Statements that also confirm the presumed user row (a cached row, not yet read again); see `database/presumed.py`."""

from sqlalchemy import Column, ColumnElement, Dialect, Select, bindparam, literal_column, select, true
from sqlalchemy.types import UserDefinedType

from dovetail.database.presumed import Presumable, Presumed
from dovetail.resources.schemas.secret_columns import is_secret
from dovetail.resources.sql.statements import PRESUMED

IS_FOUND = "is_found"  # null if the user's row was found, but no row of `read`


def confirming(presumed: Presumed, read: Select[object], dialect: Dialect) -> Select[object]:
    """Return the SELECT of the user's row, then IS_FOUND, then the row of `read`.

    It returns no row if the user's row does not exist.
    """
    columns = presumed.statement.select(dialect).subquery("presumed")
    found = read.add_columns(literal_column("1").label(IS_FOUND)).subquery("found")
    there = found.c[IS_FOUND]
    others = [column for column in found.c if column is not there]
    return select(*columns.c, there, *others).select_from(columns.outerjoin(found, true()))


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
