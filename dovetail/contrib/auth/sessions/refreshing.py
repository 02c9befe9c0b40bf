"""Exchange a refresh token, which works once, for the next tokens of its session; a second use ends the session.

Somebody with a copy of a refresh token uses it before or after its owner does. The second use is recognized by the
token's row, and ends the session for both, since nobody can tell which of them is the owner.

Two tabs of one browser may use the same token at the same time. The second one gets no token, either, but if it comes
within some seconds from the same address and client, the session is not ended: the tab finds the new token where the
first one stored it. If it finds none, somebody else was first, and trying again later ends the session.
"""

import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.log_in import (
    LoggedIn,
    address_of,
    settings_of,
    user_agent_of,
)
from dovetail.contrib.auth.sessions.models import RefreshToken, Session
from dovetail.contrib.auth.sessions.refresh_tokens import make_refresh_token
from dovetail.contrib.auth.sessions.token_text import REFRESH_PREFIX, is_token_text
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.signing import hash_token

GRACE = timedelta(seconds=10)


class NotRefreshed(Enum):
    """The reason why a refresh token is refused."""

    UNKNOWN = auto()  # or its session has ended
    JUST_USED = auto()
    REUSED = auto()  # the session was ended


async def refresh(session: AsyncSession, token: str, connection: HTTPConnection) -> LoggedIn | NotRefreshed:
    """Use up a refresh token and return the next tokens of its session.

    The transaction has to be committed in any case, since the session may have been ended.
    """
    if not is_token_text(token, REFRESH_PREFIX):
        return NotRefreshed.UNKNOWN
    found = (
        await session.execute(
            select(RefreshToken.id, RefreshToken.session_id).where(RefreshToken.token_hash == hash_token(token))
        )
    ).one_or_none()
    row = None if found is None else await _lock(session, found.session_id)
    if found is None or row is None:
        return NotRefreshed.UNKNOWN
    if not await _use(session, found.id, connection):
        return await _refuse_used(session, found.id, row, connection)
    return await _renew(session, row)


async def _lock(session: AsyncSession, key: int) -> Session | None:
    """Return the session, locked, if it has not ended; concurrent calls wait."""
    return await session.scalar(
        select(Session)
        .join(User, User.id == Session.user_id)
        .where(Session.id == key, Session.expires_at > datetime.now(UTC), User.is_active.is_(True))
        .with_for_update(of=Session)
        .execution_options(populate_existing=True)
    )


async def _use(session: AsyncSession, key: int, connection: HTTPConnection) -> bool:
    used = await session.execute(
        update(RefreshToken)
        .where(RefreshToken.id == key, RefreshToken.used_at.is_(None))
        .values(used_at=datetime.now(UTC), address=address_of(connection), user_agent=user_agent_of(connection))
        .returning(RefreshToken.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    return used.one_or_none() is not None


async def _refuse_used(session: AsyncSession, key: int, row: Session, connection: HTTPConnection) -> NotRefreshed:
    """Return why a used token is refused; end the session unless another tab of its owner has used it."""
    used = await session.get_one(RefreshToken, key)
    is_recent = used.used_at is not None and used.used_at > datetime.now(UTC) - GRACE
    if is_recent and (used.address, used.user_agent) == (address_of(connection), user_agent_of(connection)):
        return NotRefreshed.JUST_USED
    user = await session.get_one(User, row.user_id)
    await record(session, EventKind.TOKEN_REUSED, user=user, detail="a refresh token; its session was ended")
    await session.execute(delete(Session).where(Session.id == row.id), execution_options=NO_SYNCHRONIZATION)
    return NotRefreshed.REUSED


async def _renew(session: AsyncSession, row: Session) -> LoggedIn:
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    lasts_until = row.expires_at
    if row.ends_at is not None and row.idle_seconds is not None:
        lasts_until = min(row.ends_at, now + timedelta(seconds=row.idle_seconds))
    end = row.ends_at or row.expires_at
    seconds = max(1, min(settings_of(session).access_token_lifetime, int((end - now).total_seconds())))
    row.token_hash, row.token_expires_at = hash_token(token), now + timedelta(seconds=seconds)
    row.used_at, row.expires_at = now, lasts_until
    return LoggedIn(token=token, row=row, seconds=seconds, refresh_token=await make_refresh_token(session, row))
