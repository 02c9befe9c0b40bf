"""Delete answers that nobody asks for any more: of a user who goes, and after a day."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.idempotency.models import IdempotentAnswer

if TYPE_CHECKING:  # commands import this module, and no web framework
    from dovetail.api.principal import Principal

LIFETIME = timedelta(hours=24)
NO_SYNC = {"synchronize_session": False}


async def forget(session: AsyncSession, user: "Principal") -> None:
    """Delete the answers to somebody who is about to be deleted, and to their tokens, at `auth.delete_user`."""
    # As contrib/auth names those who ask: "7", or "7 by token 3".
    theirs = or_(IdempotentAnswer.owner == str(user.id), IdempotentAnswer.owner.startswith(f"{user.id} "))
    await session.execute(delete(IdempotentAnswer).where(theirs), execution_options=NO_SYNC)


def oldest() -> datetime:
    """Return the moment before which answers are too old to be given again."""
    return datetime.now(UTC) - LIFETIME


# Of those who never come back nothing is swept on the way.
EXPIRED = ("kept answer", IdempotentAnswer, lambda _context: IdempotentAnswer.created_at <= oldest())
