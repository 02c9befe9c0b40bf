"""End sessions by deleting their rows, so that the next request with the token is refused."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.plugin import context_of
from dovetail.signing import hash_token


async def end_session(session: AsyncSession, token: str) -> None:
    """End the session with this token."""
    statement = delete(Session).where(Session.token_hash == hash_token(token))
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


async def end_sessions_of(
    session: AsyncSession, user_id: int, *, keep_token: str | None = None, keep_id: int | None = None
) -> None:
    """End all sessions of a user, of every kind, except the one with the token `keep_token` or the id `keep_id`."""
    statement = delete(Session).where(Session.user_id == user_id)
    if keep_token is not None:
        statement = statement.where(Session.token_hash != hash_token(keep_token))
    if keep_id is not None:
        statement = statement.where(Session.id != keep_id)
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


async def end_all_sessions(session: AsyncSession, *, keep_id: int | None = None) -> None:
    """End the sessions of all users, also those of plugins (`auth.end_all_sessions`), except the one with `keep_id`."""
    statement = delete(Session)
    if keep_id is not None:
        statement = statement.where(Session.id != keep_id)
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)
    await end_all_of_plugins(session)
    await record(session, EventKind.SESSION_ENDED, detail="of everybody")


async def end_all_of_plugins(session: AsyncSession) -> None:
    """Let plugins end their own sessions of all users."""
    for end in context_of(session).extensions("auth.end_all_sessions"):
        await end(session)
