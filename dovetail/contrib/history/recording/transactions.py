"""Select the lines of given transactions.

PostgreSQL has an index for this. On SQLite only one transaction writes at a time, so its lines have consecutive ids
that begin with the transaction's number and end before the next transaction's first line. `history --renumber`
subtracts BEFORE from all numbers, which marks them as coming from another database.
"""

import json
from collections.abc import Collection

from sqlalchemy import ColumnElement, Integer, Text, and_, case, column, func, literal, select

from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.json_rows import current_transaction

BEFORE = 2**62  # subtracted from the numbers of transactions of another database, so that they come before all others
BEYOND = 2**63 - 1  # greater than the id of any line


def in_transactions(numbers: Collection[int], dialect_name: str) -> ColumnElement[bool]:
    """Return the condition on lines of the transactions with these numbers, none of which may be 0."""
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


def in_current_transaction(dialect_name: str) -> ColumnElement[bool]:
    """Return the condition on lines of the transaction in which the statement is executed."""
    number = current_transaction()
    is_own = RecordedChange.transaction == number
    return and_(is_own, RecordedChange.id >= number) if dialect_name == "sqlite" else is_own
