"""Keep sessions of the back office as rows: made at login, read with every request, deleted at logout."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.models import AdminSession
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import permission_columns
from dovetail.signing import hash_token

NO_SYNCHRONIZATION = {"synchronize_session": False}


async def start_session(session: AsyncSession, user: User, *, lifetime: int) -> str:
    """Log the user in for `lifetime` seconds and return the key for the cookie: 256 random bits.

    Rows of sessions that are over are removed.
    """
    now = datetime.now(UTC)
    await session.execute(
        delete(AdminSession).where(AdminSession.expires_at <= now), execution_options=NO_SYNCHRONIZATION
    )
    key = secrets.token_urlsafe(32)
    expires_at = now + timedelta(seconds=lifetime)
    session.add(AdminSession(key_hash=hash_token(key), user_id=user.id, expires_at=expires_at))
    await session.flush()
    return key


async def get_user(session: AsyncSession, key: str) -> User | None:
    """Return the user who is logged in with this key, or None for somebody who is no longer active staff."""
    rows = await session.execute(
        select(User, *permission_columns(session.get_bind().dialect))
        .join(AdminSession, AdminSession.user_id == User.id)
        .where(AdminSession.key_hash == hash_token(key), AdminSession.expires_at > datetime.now(UTC))
    )
    found = rows.one_or_none()
    if found is None or not (found[0].is_active and found[0].is_staff):
        return None
    user: User = found[0]
    user.remember_permissions(found[1:])
    return user


async def end_session(session: AsyncSession, key: str) -> None:
    """Log this browser out."""
    statement = delete(AdminSession).where(AdminSession.key_hash == hash_token(key))
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


async def end_sessions(session: AsyncSession, user: User) -> None:
    """Log the user out everywhere; auth calls this when a password changes or a user is deactivated."""
    statement = delete(AdminSession).where(AdminSession.user_id == user.id)
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)
