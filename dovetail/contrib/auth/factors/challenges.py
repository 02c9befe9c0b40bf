"""Challenges: tokens that are valid for one step, for a few minutes, for a few wrong answers and one right answer.

For passkeys, the token is also the challenge that the authenticator signs (WebAuthn's `challenge`).
"""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.models import Challenge, ChallengePurpose
from dovetail.contrib.auth.models import User
from dovetail.database.bulk import NO_SYNCHRONIZATION, delete_some
from dovetail.signing import hash_token

LIFETIME = 300  # seconds
ENROLMENT_LIFETIME = 3600
MAXIMUM_ATTEMPTS = 5


async def make_challenge(
    session: AsyncSession,
    purpose: ChallengePurpose,
    user_id: int | None,
    *,
    method: str = "",
    lifetime: int = LIFETIME,
) -> str:
    """Create a challenge and return its token, 43 characters of base64url; also delete some expired challenges."""
    now = datetime.now(UTC)
    await delete_some(session, Challenge, is_over())
    token = secrets.token_urlsafe(32)
    session.add(
        Challenge(
            token_hash=hash_token(token),
            purpose=purpose,
            user_id=user_id,
            method=method,
            created_at=now,
            expires_at=now + timedelta(seconds=lifetime),
        )
    )
    await session.flush()
    return token


async def find_challenge(session: AsyncSession, token: str, purpose: ChallengePurpose) -> Challenge | None:
    """Return the challenge with this token if it is valid; it is neither used up nor locked."""
    return await session.scalar(select(Challenge).where(*_works(token, purpose)))


async def count_attempt(session: AsyncSession, challenge: Challenge) -> bool:
    """Count one more answer to a challenge; return False if it is gone or has had too many answers."""
    counted = await session.execute(
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.attempts < MAXIMUM_ATTEMPTS)
        .values(attempts=Challenge.attempts + 1)
        .returning(Challenge.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    return counted.one_or_none() is not None


async def use_challenge(
    session: AsyncSession, token: str, purpose: ChallengePurpose, *, user_id: int | None = None
) -> bool:
    """Use up a challenge; return whether it was valid and of this user. Only one of concurrent calls succeeds."""
    used = await session.execute(
        delete(Challenge).where(*_works(token, purpose), Challenge.user_id == user_id).returning(Challenge.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    return used.one_or_none() is not None


async def end_challenges(session: AsyncSession, user: User) -> None:
    """Delete all challenges of a user, when their password changes or they are deactivated."""
    statement = delete(Challenge).where(Challenge.user_id == user.id)
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


def is_over() -> ColumnElement[bool]:
    """Return the condition on expired challenges."""
    return Challenge.expires_at <= datetime.now(UTC)


def _works(token: str, purpose: ChallengePurpose) -> tuple[ColumnElement[bool], ...]:
    return (
        Challenge.token_hash == hash_token(token),
        Challenge.purpose == purpose,
        Challenge.expires_at > datetime.now(UTC),
    )


EXPIRED = ("challenge", Challenge, lambda _context: is_over())  # for `manage.py purge-expired`
