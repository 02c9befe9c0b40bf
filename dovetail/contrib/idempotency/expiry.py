"""Delete stored responses that are no longer needed: those of a deleted user, and those older than a day."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.idempotency.models import IdempotentAnswer

if TYPE_CHECKING:  # commands import this module and should not import the web framework
    from dovetail.api.principal import Principal

LIFETIME = timedelta(hours=24)
NO_SYNC = {"synchronize_session": False}


async def forget(session: AsyncSession, user: "Principal") -> None:
    """Delete the responses stored for a user who is about to be deleted, and for their tokens (`auth.delete_user`)."""
    # contrib/auth names the owner of a request "7", or "7 by token 3".
    theirs = or_(IdempotentAnswer.owner == str(user.id), IdempotentAnswer.owner.startswith(f"{user.id} "))
    await session.execute(delete(IdempotentAnswer).where(theirs), execution_options=NO_SYNC)


def oldest() -> datetime:
    """Return the time before which responses are too old to be replayed."""
    return datetime.now(UTC) - LIFETIME


# `Store.claim` deletes the old responses of an owner who comes back; `purge-expired` deletes those of all others.
EXPIRED = ("kept answer", IdempotentAnswer, lambda _context: IdempotentAnswer.created_at <= oldest())
