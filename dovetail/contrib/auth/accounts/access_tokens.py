"""Find who holds a bearer token, the token of a session: its SHA-256 is stored, and deleting the row revokes it."""

from collections.abc import Hashable
from datetime import UTC, datetime

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import PERMISSIONS, User
from dovetail.contrib.auth.permissions.held import permission_columns
from dovetail.contrib.auth.sessions.current import (
    SESSION_COLUMNS,
    CurrentSession,
    last_noted,
    read_session,
    remember_holder,
    session_of,
)
from dovetail.contrib.auth.sessions.models import Door, Session
from dovetail.database.prepared_reads import ReadSource
from dovetail.resources.sql.statements import EntityStatement, Found
from dovetail.signing import hash_token


def _holders() -> Select[User]:
    return (
        select(User)
        .join(Session, User.id == Session.user_id)
        .where(
            Session.token_hash == bindparam("token_hash"),
            Session.expires_at > bindparam("now"),
            Session.door == Door.API,
            User.is_active.is_(True),
        )
    )


_USER_BY_TOKEN = EntityStatement(User, _holders, beside=permission_columns, apart=SESSION_COLUMNS, note=remember_holder)


async def get_user_by_token(session: AsyncSession, token: str) -> User | None:
    """Return the active user who holds this bearer token, and all they are permitted, by one statement."""
    return await _USER_BY_TOKEN.one_or_none(session, **_values(token))


async def find_user_by_token(source: ReadSource, token: str) -> Found[User] | None:
    """Return the same user by the same statement, where there may be no session; see EntityStatement.find."""
    return await _USER_BY_TOKEN.find(source, **_values(token))


def session_found(found: Found[User]) -> CurrentSession | None:
    """Return the session by whose token a user was found."""
    return read_session(found.apart) if found.apart else session_of(found.item)


def loaded_values(user: User) -> Hashable | None:
    """Return all that is loaded of a user by their token; None if something of it has to be loaded anew."""
    columns = _USER_BY_TOKEN.values_of(user)
    return None if columns is None or PERMISSIONS not in vars(user) else (columns, user.permissions)


async def lock_user_by_token(session: AsyncSession, token: str) -> User | None:
    """Return the same user, whom nobody else changes before the transaction ends."""
    statement = _holders().with_for_update(key_share=True, of=User).execution_options(populate_existing=True)
    return await session.scalar(statement, {"token_hash": hash_token(token), "now": datetime.now(UTC)})


def _values(token: str) -> dict[str, object]:
    now = datetime.now(UTC)
    return {"token_hash": hash_token(token), "now": now, "last_noted": last_noted(now)}
