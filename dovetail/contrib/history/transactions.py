"""Find the lines of transactions.

PostgreSQL has an index of them. On SQLite transactions write one after the other, so that the lines of one stand in a
row: its number is that of its first line, and the row ends where another begins. (`history --renumber` takes BEFORE
from the numbers of all.)
"""

import json
from collections.abc import Collection

from sqlalchemy import ColumnElement, Integer, Text, and_, case, column, func, literal, select

from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.json_rows import current_transaction

BEFORE = 2**62  # less than nothing by so much: the numbers of transactions that are not of this database
BEYOND = 2**63 - 1  # any number of a line


def are_of(numbers: Collection[int], dialect_name: str) -> ColumnElement[bool]:
    """Return the condition on lines of the transactions of these numbers, which are not 0."""
    if dialect_name != "sqlite":
        return RecordedChange.transaction.in_(numbers)
    asked = func.json_each(literal(json.dumps(sorted(numbers)), Text())).table_valued(column("value", Integer()))
    line, later = RecordedChange.__table__.alias(), RecordedChange.__table__.alias()
    number = asked.c.value
    first = case((number < 0, number + BEFORE), else_=number)
    behind = select(later.c.id).where(later.c.id > first, later.c.transaction != number).order_by(later.c.id).limit(1)
    end = func.coalesce(behind.correlate(asked).scalar_subquery(), BEYOND)
    of_it = and_(line.c.id >= first, line.c.id < end, line.c.transaction == number)
    return RecordedChange.id.in_(select(line.c.id).select_from(asked.join(line, of_it)))


def are_own(dialect_name: str) -> ColumnElement[bool]:
    """Return the condition on lines of the transaction in which it is asked."""
    number = current_transaction()
    is_own = RecordedChange.transaction == number
    return and_(is_own, RecordedChange.id >= number) if dialect_name == "sqlite" else is_own
