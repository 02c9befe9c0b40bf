"""The personal token of a request, loaded by the statement that finds the user of a token."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.current import NOTED_EVERY, last_noted
from dovetail.contrib.auth.tokens.limited_user import remember_limits
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.column_types import moment_ago

TOKEN = "current_token"  # noqa: S105 - key in the __dict__ of a User, which is not a column


class CurrentToken(NamedTuple):
    """The id of the personal token of a request, whether its use has to be recorded, and its name."""

    id: int
    is_due: bool
    name: str

    def __str__(self) -> str:
        return f"token {self.name!r}"


# Columns for a SELECT of User that joins PersonalToken.
TOKEN_COLUMNS: tuple[ColumnElement[object], ...] = (
    cast("ColumnElement[object]", PersonalToken.id),
    cast(
        "ColumnElement[object]",
        or_(PersonalToken.used_at.is_(None), PersonalToken.used_at <= moment_ago(NOTED_EVERY)),
    ),
    cast("ColumnElement[object]", PersonalToken.name),
)


def remember_token(user: User, row: Sequence[object]) -> None:
    """Store the values of `token_columns` and TOKEN_COLUMNS in a user; see `token_of`."""
    end = len(row) - len(TOKEN_COLUMNS)
    remember_limits(user, row[:end])
    vars(user)[TOKEN] = read_token(row[end:])


def read_token(row: Sequence[object]) -> CurrentToken:
    """Return the token from the values of TOKEN_COLUMNS."""
    key, is_due, name = row
    return CurrentToken(cast("int", key), bool(is_due), str(name))


def token_of(user: User) -> CurrentToken | None:
    """Return the personal token of this request's user; None with a session, and outside of a request."""
    found: CurrentToken | None = vars(user).get(TOKEN)
    return found


async def note_token_use(session: AsyncSession, keys: Sequence[int]) -> None:
    """Record that these tokens were used now."""
    now = datetime.now(UTC)
    is_due = or_(PersonalToken.used_at.is_(None), PersonalToken.used_at <= last_noted(now))
    await session.execute(
        update(PersonalToken).where(PersonalToken.id.in_(keys), is_due).values(used_at=now),
        execution_options=NO_SYNCHRONIZATION,
    )
