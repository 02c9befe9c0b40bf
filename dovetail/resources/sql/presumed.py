"""The statement that reads, and confirms what was presumed of who asks; see `database/presumed.py`."""

from sqlalchemy import Dialect, Select, literal_column, select, true

from dovetail.database.presumed import Presumed

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
