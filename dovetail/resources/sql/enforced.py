"""A condition on the written row that makes the statement itself fail, for PostgreSQL outside a transaction.

A condition in WHERE does not see what triggers change, and checking the returned row comes too late: without BEGIN the
statement has been committed by then. So RETURNING casts a text that is no boolean, which raises an error and so rolls
the statement back; SQL has no expression for raising one.
"""

from sqlalchemy import Boolean, ColumnElement, String, case, cast, inspect, literal_column, true
from sqlalchemy.exc import DBAPIError

from dovetail.database.drivers.lost_connections import code_of

INVALID_TEXT = "22P02"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
REFUSED = " is no row that may be written"  # after the key


def enforced(model: type[object], check: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return `check` for RETURNING; if a row does not fulfil it, the statement fails and writes nothing."""
    key = cast(inspect(model).primary_key[0], String)  # PostgreSQL would cast a constant when it plans
    return case((check, true()), else_=cast(key.concat(literal_column(f"'{REFUSED}'", String)), Boolean))


def is_refusal(error: DBAPIError) -> bool:
    """Return True if a statement failed because a row does not fulfil its `enforced` condition."""
    return code_of(error.orig) == INVALID_TEXT and REFUSED in str(error.orig)
