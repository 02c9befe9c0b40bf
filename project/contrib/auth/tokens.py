"""Tokens that are rows: only the SHA-256 of a token is stored, and deleting its row revokes it."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from project.api.resources.statements import EntityStatement
from project.contrib.auth.models import AccessToken, OneTimeToken, TokenPurpose, User

_USER_BY_TOKEN = EntityStatement(
    User,
    lambda: (
        select(User)
        .join(AccessToken, AccessToken.user_id == User.id)
        .where(
            AccessToken.token_hash == bindparam("token_hash", type_=AccessToken.token_hash.type),
            AccessToken.expires_at > bindparam("now", type_=AccessToken.expires_at.type),
            User.is_active.is_(True),
        )
    ),
)


async def create_access_token(session: AsyncSession, user_id: int, *, lifetime: int) -> str:
    """Give a user a bearer token of 256 random bits for `lifetime` seconds; their expired ones are removed."""
    await session.execute(
        delete(AccessToken).where(AccessToken.user_id == user_id, AccessToken.expires_at <= datetime.now(UTC)),
        execution_options={"synchronize_session": False},
    )
    token = secrets.token_urlsafe(32)
    session.add(AccessToken(token_hash=hash_token(token), user_id=user_id, expires_at=_in(lifetime)))
    await session.flush()
    return token


async def get_user_by_token(session: AsyncSession, token: str) -> User | None:
    """The active user who holds this bearer token, in one statement that writes nothing."""
    return await _USER_BY_TOKEN.one_or_none(session, token_hash=hash_token(token), now=datetime.now(UTC))


async def revoke_access_token(session: AsyncSession, token: str) -> None:
    """Make a bearer token worthless from now on."""
    await session.execute(
        delete(AccessToken).where(AccessToken.token_hash == hash_token(token)),
        execution_options={"synchronize_session": False},
    )


async def revoke_all_tokens(session: AsyncSession, user_id: int, *, keep: str | None = None) -> None:
    """Revoke all bearer tokens of a user but the token `keep`, and every password reset under way."""
    access = delete(AccessToken).where(AccessToken.user_id == user_id)
    if keep is not None:
        access = access.where(AccessToken.token_hash != hash_token(keep))
    reset = delete(OneTimeToken).where(
        OneTimeToken.user_id == user_id, OneTimeToken.purpose == TokenPurpose.RESET_PASSWORD
    )
    for statement in (access, reset):
        await session.execute(statement, execution_options={"synchronize_session": False})


async def create_one_time_token(session: AsyncSession, user: User, purpose: TokenPurpose, *, lifetime: int) -> str:
    """Make the token to send to the user's address, good for `lifetime` seconds; it replaces the one before it."""
    await session.execute(
        delete(OneTimeToken).where(OneTimeToken.user_id == user.id, OneTimeToken.purpose == purpose),
        execution_options={"synchronize_session": False},
    )
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeToken(
            token_hash=hash_token(token),
            purpose=purpose,
            user_id=user.id,
            email=user.email,
            expires_at=_in(lifetime),
        )
    )
    await session.flush()
    return token


async def redeem_one_time_token(session: AsyncSession, token: str, purpose: TokenPurpose) -> User | None:
    """Use the token up and return its user, if they are active and still have the address it was sent to.

    Of several that try at once exactly one gets the user: the database deletes a row once.
    """
    redeemed = (
        await session.execute(
            delete(OneTimeToken)
            .where(
                OneTimeToken.token_hash == hash_token(token),
                OneTimeToken.purpose == purpose,
                OneTimeToken.expires_at > datetime.now(UTC),
            )
            .returning(OneTimeToken.user_id, OneTimeToken.email),
            execution_options={"synchronize_session": False},
        )
    ).one_or_none()
    if redeemed is None:
        return None
    return await session.scalar(
        select(User)
        .where(User.id == redeemed.user_id, User.email == redeemed.email, User.is_active.is_(True))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def delete_expired_tokens(session: AsyncSession) -> int:
    """Remove the rows of all expired tokens and return how many there were."""
    count = 0
    for model in (AccessToken, OneTimeToken):
        result = await session.execute(
            delete(model).where(model.expires_at <= datetime.now(UTC)).returning(model.id),
            execution_options={"synchronize_session": False},
        )
        count += len(result.all())
    return count


def hash_token(token: str) -> str:
    """What is stored of a token. It holds 256 random bits, so a fast hash cannot be guessed backwards."""
    return sha256(token.encode(errors="replace")).hexdigest()


def _in(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
