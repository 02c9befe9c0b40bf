"""Statements that read or write, and confirm what was presumed of who asks; see `database/presumed.py`."""

from sqlalchemy import Column, ColumnElement, Dialect, Select, bindparam, literal_column, select, true
from sqlalchemy.types import UserDefinedType

from dovetail.database.presumed import Presumable, Presumed
from dovetail.resources.schemas.secret_columns import is_secret
from dovetail.resources.sql.statements import PRESUMED

IS_FOUND = "is_found"  # null beside somebody for whom nothing was found


def confirming(presumed: Presumed, read: Select[object], dialect: Dialect) -> Select[object]:
    """Return the SELECT of the row that is presumed, whether a row of `read` was found, and that row.

    Nothing is read for somebody who is not there.
    """
    columns = presumed.statement.select(dialect).subquery("presumed")
    found = read.add_columns(literal_column("1").label(IS_FOUND)).subquery("found")
    there = found.c[IS_FOUND]
    others = [column for column in found.c if column is not there]
    return select(*columns.c, there, *others).select_from(columns.outerjoin(found, true()))


def is_confirmed(statement: Presumable, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that a statement gives the row with the values of PRESUMED, as the driver has them.

    What is secret is not compared: nothing is decided by that, and a database may log what it is given.
    """
    asked = statement.select(dialect)
    row = asked.subquery("presumed")
    told = [not (isinstance(column, Column) and is_secret(column)) for column in asked.selected_columns]
    values = [bindparam(f"{PRESUMED}{number}", type_=_AsDriverHasIt()) for number in range(len(told))]
    same = [
        column.is_not_distinct_from(value)
        for column, value, is_told in zip(row.c, values, told, strict=True)
        if is_told
    ]
    return select(literal_column("1")).select_from(row).where(*same).exists()


class _AsDriverHasIt(UserDefinedType[object]):
    """A value that came from the driver and goes back as it is; PostgreSQL tells its type from what it is beside."""

    cache_ok = True
