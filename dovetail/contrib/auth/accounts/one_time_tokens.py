"""Create, find and redeem tokens that are sent to an address and work once. Only their SHA-256 hashes are stored.

Asking for another token leaves earlier ones valid, since anybody can ask for anybody. The number of tokens is limited,
but no error says so: the response is the same as for an unknown address.

To avoid deadlocks, all functions lock the user before they change tokens.
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

MAXIMUM_SENT = 5  # tokens for one purpose, to one user or address, within WINDOW
WINDOW = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class RedeemedToken:
    """The result of redeeming a token: this user, whose row is locked, controls the address `email`."""

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
    """Create a token to send to `email`, by default the user's address, valid for `lifetime` seconds.

    `token` is one from `token_of`; without it, the token is random. Return None if MAXIMUM_SENT is reached.
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
    """Return the 256-bit token derived from a nonce and SECRET_KEY, so that a table with the nonce reveals no token."""
    signer = Signer(context_of(session).settings.secret_key, "auth.one_time_token")
    return base64url(signer.signature(nonce.encode()))


async def is_alive(session: AsyncSession, token: str, purpose: TokenPurpose) -> bool:
    """Return whether the token exists and is neither used, invalidated nor expired."""
    return bool(await session.scalar(select(exists().where(*_works(token, (purpose,))))))


async def find_user_of_one_time_token(session: AsyncSession, token: str, *purposes: TokenPurpose) -> User | None:
    """Return the active user of a valid token, without redeeming it; None if there is none."""
    return await session.scalar(select(User).join(OneTimeToken).where(*_works(token, purposes), _is_meant))


async def redeem_one_time_token(session: AsyncSession, token: str, *purposes: TokenPurpose) -> RedeemedToken | None:
    """Redeem a token and return its user; None if it is wrong, expired, used, or sent to a former address.

    Of several concurrent attempts exactly one succeeds, since a row can only be deleted once.
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
    return RedeemedToken(user=user, purpose=row.purpose, email=row.email)


async def pending_email(session: AsyncSession, user_id: int) -> str | None:
    """Return the address that a user wants to change to and has not verified yet; None if there is none."""
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
    """Invalidate a user's tokens, all or those for some purposes. They still count towards MAXIMUM_SENT."""
    now = datetime.now(UTC)
    statement = update(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.expires_at > now)
    if purposes:
        statement = statement.where(OneTimeToken.purpose.in_(purposes))
    await session.execute(statement.values(expires_at=now), execution_options=NO_SYNCHRONIZATION)


def is_over(now: datetime) -> ColumnElement[bool]:
    """Return the condition on tokens that have expired and no longer count towards MAXIMUM_SENT."""
    return and_(OneTimeToken.expires_at <= now, OneTimeToken.created_at <= now - WINDOW)


async def delete_expired_one_time_tokens(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    """Delete expired tokens, optionally only those that meet the conditions; return how many there were.

    Tokens that still count towards MAXIMUM_SENT are kept.
    """
    expired = delete(OneTimeToken).where(is_over(datetime.now(UTC)), *conditions)
    deleted = await session.execute(expired.returning(OneTimeToken.id), execution_options=NO_SYNCHRONIZATION)
    return len(deleted.all())


# A token is valid for the address it was sent to: the user's current one or, for a change of address, the new one.
_is_meant = User.is_active.is_(True) & or_(
    OneTimeToken.purpose == TokenPurpose.CHANGE_EMAIL, OneTimeToken.email == User.email
)


def _works(token: str, purposes: tuple[TokenPurpose, ...]) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeToken.token_hash == hash_token(token),
        OneTimeToken.purpose.in_(purposes),
        OneTimeToken.expires_at > datetime.now(UTC),
    )
