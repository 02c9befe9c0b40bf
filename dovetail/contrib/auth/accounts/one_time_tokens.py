"""Make, find and use up tokens that are sent to an address and work once. Only the SHA-256 of one is stored.

Whoever asks for another leaves the earlier ones alive, since anybody may ask for anybody. How many are sent is limited,
and nobody is told: to ask once more than that is as if the address were nobody's.

Everybody locks the user first and touches tokens then, so that no two wait for each other.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import OneTimeToken, TokenPurpose, User
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.plugin import context_of
from dovetail.signing import Signer, base64url, hash_token

MAXIMUM_SENT = 5  # of one purpose, to one user or one address, in WINDOW
WINDOW = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """Proves that this user, whose row is locked, reads what is sent to `email`."""

    user: User
    purpose: TokenPurpose
    email: str


async def create_one_time_token(
    session: AsyncSession,
    user: User,
    purpose: TokenPurpose,
    *,
    lifetime: int,
    email: str | None = None,
    token: str | None = None,
) -> str | None:
    """Make a token to send to `email`, or else the user's address, good for `lifetime` seconds.

    It is a new one, unless `token_of` gave `token`. Return None if as many were sent within the last hour as there may
    be.
    """
    address, now = email or user.email, datetime.now(UTC)
    await session.scalar(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    await delete_expired_one_time_tokens(session, OneTimeToken.user_id == user.id)
    sent = await session.scalar(
        select(func.count())
        .select_from(OneTimeToken)
        .where(
            OneTimeToken.purpose == purpose,
            OneTimeToken.created_at > now - WINDOW,
            or_(OneTimeToken.user_id == user.id, OneTimeToken.email == address),
        )
    )
    if (sent or 0) >= MAXIMUM_SENT:
        return None
    token = token or secrets.token_urlsafe(32)
    session.add(
        OneTimeToken(
            token_hash=hash_token(token),
            purpose=purpose,
            user_id=user.id,
            email=address,
            created_at=now,
            expires_at=now + timedelta(seconds=lifetime),
        )
    )
    await session.flush()
    return token


def token_of(session: AsyncSession, nonce: str) -> str:
    """Return the token of 256 bits that belongs to a nonce: whoever reads that in a table alone cannot tell it."""
    signer = Signer(context_of(session).settings.secret_key, "auth.one_time_token")
    return base64url(signer.signature(nonce.encode()))


async def is_alive(session: AsyncSession, token: str, purpose: TokenPurpose) -> bool:
    """Return True if the token was neither used nor made worthless, and has not expired."""
    return bool(await session.scalar(select(exists().where(*_works(token, (purpose,))))))


async def find_user_of_one_time_token(session: AsyncSession, token: str, *purposes: TokenPurpose) -> User | None:
    """Return the user whose token it is, if it still works and they are active; it is not used up."""
    return await session.scalar(select(User).join(OneTimeToken).where(*_works(token, purposes), _is_meant))


async def redeem_one_time_token(session: AsyncSession, token: str, *purposes: TokenPurpose) -> Redeemed | None:
    """Use the token up and return what it proves; None if it is wrong, expired, used, or sent to an address of old.

    Of several that try at once exactly one redeems it: the database deletes a row once.
    """
    found = await find_user_of_one_time_token(session, token, *purposes)
    if found is None:
        return None
    user = await session.scalar(
        select(User)
        .where(User.id == found.id, User.is_active.is_(True))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    deleted = await session.execute(
        delete(OneTimeToken).where(*_works(token, purposes)).returning(OneTimeToken.purpose, OneTimeToken.email),
        execution_options=NO_SYNCHRONIZATION,
    )
    row = deleted.one_or_none()
    if user is None or row is None or (row.purpose != TokenPurpose.CHANGE_EMAIL and row.email != user.email):
        return None
    return Redeemed(user=user, purpose=row.purpose, email=row.email)


async def pending_email(session: AsyncSession, user_id: int) -> str | None:
    """Return the address that is to be the user's once the token that was sent to it comes back, or None."""
    return await session.scalar(
        select(OneTimeToken.email)
        .where(
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose == TokenPurpose.CHANGE_EMAIL,
            OneTimeToken.expires_at > datetime.now(UTC),
        )
        .order_by(OneTimeToken.id.desc())
        .limit(1)
    )


async def expire_one_time_tokens(session: AsyncSession, user_id: int, *purposes: TokenPurpose) -> None:
    """Make the user's tokens worthless, all or those for some purposes. They still count as sent."""
    now = datetime.now(UTC)
    statement = update(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.expires_at > now)
    if purposes:
        statement = statement.where(OneTimeToken.purpose.in_(purposes))
    await session.execute(statement.values(expires_at=now), execution_options=NO_SYNCHRONIZATION)


def is_over(now: datetime) -> ColumnElement[bool]:
    """Return the condition on tokens that have expired and no longer count as sent."""
    return and_(OneTimeToken.expires_at <= now, OneTimeToken.created_at <= now - WINDOW)


async def delete_expired_one_time_tokens(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    """Remove the rows of expired tokens, of all or those for which the conditions hold; return how many there were.

    One that still counts as sent stays.
    """
    expired = delete(OneTimeToken).where(is_over(datetime.now(UTC)), *conditions)
    deleted = await session.execute(expired.returning(OneTimeToken.id), execution_options=NO_SYNCHRONIZATION)
    return len(deleted.all())


# A token is for the address that it was sent to: the user's own, unless it is to become the user's.
_is_meant = User.is_active.is_(True) & or_(
    OneTimeToken.purpose == TokenPurpose.CHANGE_EMAIL, OneTimeToken.email == User.email
)


def _works(token: str, purposes: tuple[TokenPurpose, ...]) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeToken.token_hash == hash_token(token),
        OneTimeToken.purpose.in_(purposes),
        OneTimeToken.expires_at > datetime.now(UTC),
    )
