"""List the sessions of a user, and end single ones."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.bulk import NO_SYNCHRONIZATION


async def sessions_of(session: AsyncSession, user: User) -> Sequence[Session]:
    """Return the current sessions of a user, latest used first; `log_in` limits their number."""
    rows = await session.scalars(
        select(Session)
        .where(Session.user_id == user.id, Session.expires_at > datetime.now(UTC))
        .order_by(Session.used_at.desc(), Session.id.desc())
    )
    return rows.all()


async def end_one(session: AsyncSession, user: User, key: int) -> bool:
    """End the user's session with this id; return False if there is none."""
    ended = await session.execute(
        delete(Session).where(Session.id == key, Session.user_id == user.id).returning(Session.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    is_ended = ended.one_or_none() is not None
    if is_ended:
        await record(session, EventKind.SESSION_ENDED, user=user, detail=f"number {key}")
    return is_ended
