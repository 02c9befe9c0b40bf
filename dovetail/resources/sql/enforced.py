"""A rule that a row has to fulfil as it is written, in a statement that may be all of its transaction on PostgreSQL.

What such a statement asks before it writes knows nothing of triggers, and what is asked of its answer comes too late:
it is committed by then. So it fails by itself. SQL has no word for that, but a text that is no truth value does it.
"""

from sqlalchemy import Boolean, ColumnElement, String, case, cast, inspect, literal_column, true
from sqlalchemy.exc import DBAPIError

from dovetail.database.drivers.lost_connections import code_of

INVALID_TEXT = "22P02"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
REFUSED = " is no row that may be written"  # behind the key


def enforced(model: type[object], check: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return `check` for RETURNING: the statement fails, and has written nothing, if a row does not fulfil it."""
    key = cast(inspect(model).primary_key[0], String)  # PostgreSQL would read a constant before it writes
    return case((check, true()), else_=cast(key.concat(literal_column(f"'{REFUSED}'", String)), Boolean))


def is_refusal(error: DBAPIError) -> bool:
    """Return whether a statement has failed because a row does not fulfil what is `enforced`."""
    return code_of(error.orig) == INVALID_TEXT and REFUSED in str(error.orig)
