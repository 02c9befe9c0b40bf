"""Give a session its next token for a refresh token, which works once; a second use ends the session.

Whoever holds a copy of a refresh token uses it before or after its owner does. The second of the two is told from
anybody else by the row of the token, and ends the session for both: nobody can know which of them it was.

Two tabs of one browser may use the same token at once, too. The second gets nothing either, but for some seconds it
does not end the session if it comes from the same address and client as the first: it finds what the first was given
where both keep it. If there is nothing, somebody else was first, and a later try ends the session.
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
    """The reason why a refresh token gives nothing."""

    UNKNOWN = auto()  # or its session is over
    JUST_USED = auto()
    REUSED = auto()  # the session was ended


async def refresh(session: AsyncSession, token: str, connection: HTTPConnection) -> LoggedIn | NotRefreshed:
    """Use a refresh token up and return the next tokens of its session.

    That a session was ended has to be kept, so let the transaction be committed in any case.
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
        return await _judge(session, found.id, row, connection)
    return await _renew(session, row)


async def _lock(session: AsyncSession, key: int) -> Session | None:
    """Return the session, if it is not over; whoever refreshes or ends it meanwhile waits."""
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


async def _judge(session: AsyncSession, key: int, row: Session, connection: HTTPConnection) -> NotRefreshed:
    """Return what it means that the token was used before, and end the session unless a tab of its owner did."""
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
