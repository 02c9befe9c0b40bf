"""The session of a request, loaded by the statement that finds the user of a token."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.origin import CurrentSession as CurrentSession
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.column_types import moment_ago

NOTED_EVERY = timedelta(minutes=5)  # the use of a session is recorded at most this often
SESSION = "current_session"  # key in the __dict__ of a User, which is not a column


# Columns for a SELECT of User that joins Session.
SESSION_COLUMNS: tuple[ColumnElement[object], ...] = (
    cast("ColumnElement[object]", Session.id),
    cast("ColumnElement[object]", Session.used_at <= moment_ago(NOTED_EVERY)),
)


def last_noted(now: datetime) -> datetime:
    """Return the time after which a recorded use is recent enough."""
    return now - NOTED_EVERY


def remember_holder(user: User, row: Sequence[object]) -> None:
    """Store the values of `permission_columns` and SESSION_COLUMNS in a user; see `session_of`."""
    end = len(row) - len(SESSION_COLUMNS)
    user.remember_permissions(cast("Sequence[str | None]", row[:end]))
    vars(user)[SESSION] = read_session(row[end:])


def read_session(row: Sequence[object]) -> CurrentSession:
    """Return the session from the values of SESSION_COLUMNS."""
    key, is_due = row
    return CurrentSession(cast("int", key), bool(is_due))


def session_of(user: User) -> CurrentSession | None:
    """Return the session of this request's user; None with a personal token, and outside of a request."""
    found: CurrentSession | None = vars(user).get(SESSION)
    return found


async def load_session(session: AsyncSession, user: User) -> Session | None:
    """Return the row of the session of this request's user; None if there is none."""
    current = session_of(user)
    return None if current is None else await session.get(Session, current.id)
