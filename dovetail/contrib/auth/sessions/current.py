"""Know the session of a request: the statement that finds the user by a token brings it along."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.origin import CurrentSession as CurrentSession
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.column_types import moment_ago

NOTED_EVERY = timedelta(minutes=5)  # the use of a session is written down no more often
SESSION = "current_session"  # in the __dict__ of a User, where no column is


# Asked for beside the user, by those who join Session.
SESSION_COLUMNS: tuple[ColumnElement[object], ...] = (
    cast("ColumnElement[object]", Session.id),
    cast("ColumnElement[object]", Session.used_at <= moment_ago(NOTED_EVERY)),
)


def last_noted(now: datetime) -> datetime:
    """Return the time since which the use of a session need not be noted again."""
    return now - NOTED_EVERY


def remember_holder(user: User, row: Sequence[object]) -> None:
    """Let a user know what `permission_columns` and, behind them, SESSION_COLUMNS gave: `session_of` asks for it."""
    end = len(row) - len(SESSION_COLUMNS)
    user.remember_permissions(cast("Sequence[str | None]", row[:end]))
    vars(user)[SESSION] = read_session(row[end:])


def read_session(row: Sequence[object]) -> CurrentSession:
    """Return what SESSION_COLUMNS gave."""
    key, is_due = row
    return CurrentSession(cast("int", key), bool(is_due))


def session_of(user: User) -> CurrentSession | None:
    """Return the session by which the user of this request came; None for a token that is no login, and elsewhere."""
    found: CurrentSession | None = vars(user).get(SESSION)
    return found


async def load_session(session: AsyncSession, user: User) -> Session | None:
    """Return the row of the session by which the user of this request came, None if there is none."""
    current = session_of(user)
    return None if current is None else await session.get(Session, current.id)
