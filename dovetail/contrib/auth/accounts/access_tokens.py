"""Make, find and revoke bearer tokens: only the SHA-256 of one is stored, and deleting its row revokes it."""

import secrets
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import PERMISSIONS, AccessToken, User
from dovetail.contrib.auth.permissions.held import permission_columns
from dovetail.database.prepared_reads import ReadSource
from dovetail.resources.sql.statements import EntityStatement, Found
from dovetail.signing import hash_token

NO_SYNCHRONIZATION = {"synchronize_session": False}  # nothing looks at rows of tokens in memory


def _holders() -> Select[User]:
    return (
        select(User)
        .join(AccessToken)
        .where(
            AccessToken.token_hash == bindparam("token_hash"),
            AccessToken.expires_at > bindparam("now"),
            User.is_active.is_(True),
        )
    )


_USER_BY_TOKEN = EntityStatement(User, _holders, beside=permission_columns, note=User.remember_permissions)


async def create_access_token(session: AsyncSession, user_id: int, *, lifetime: int) -> str:
    """Give a user a bearer token of 256 random bits for `lifetime` seconds; their expired ones are removed."""
    await session.execute(
        delete(AccessToken).where(AccessToken.user_id == user_id, AccessToken.expires_at <= datetime.now(UTC)),
        execution_options=NO_SYNCHRONIZATION,
    )
    token = secrets.token_urlsafe(32)
    session.add(AccessToken(token_hash=hash_token(token), user_id=user_id, expires_at=_in(lifetime)))
    await session.flush()
    return token


async def get_user_by_token(session: AsyncSession, token: str) -> User | None:
    """Return the active user who holds this bearer token, and all they are permitted, by one statement."""
    return await _USER_BY_TOKEN.one_or_none(session, token_hash=hash_token(token), now=datetime.now(UTC))


async def find_user_by_token(source: ReadSource, token: str) -> Found[User] | None:
    """Return the same user by the same statement, where there may be no session; see EntityStatement.find."""
    return await _USER_BY_TOKEN.find(source, token_hash=hash_token(token), now=datetime.now(UTC))


def loaded_values(user: User) -> Hashable | None:
    """Return all that is loaded of a user by their token; None if something of it has to be loaded anew."""
    columns = _USER_BY_TOKEN.values_of(user)
    return None if columns is None or PERMISSIONS not in vars(user) else (columns, user.permissions)


async def lock_user_by_token(session: AsyncSession, token: str) -> User | None:
    """Return the same user, whom nobody else changes before the transaction ends."""
    statement = _holders().with_for_update(key_share=True, of=User).execution_options(populate_existing=True)
    return await session.scalar(statement, {"token_hash": hash_token(token), "now": datetime.now(UTC)})


async def revoke_access_token(session: AsyncSession, token: str) -> None:
    """Make a bearer token worthless from now on."""
    await session.execute(
        delete(AccessToken).where(AccessToken.token_hash == hash_token(token)),
        execution_options=NO_SYNCHRONIZATION,
    )


async def revoke_all_tokens(session: AsyncSession, user_id: int, *, keep: str | None = None) -> None:
    """Revoke all bearer tokens of a user but the token `keep`."""
    statement = delete(AccessToken).where(AccessToken.user_id == user_id)
    if keep is not None:
        statement = statement.where(AccessToken.token_hash != hash_token(keep))
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


async def delete_expired_tokens(session: AsyncSession) -> int:
    """Remove the rows of expired bearer tokens and return how many there were."""
    expired = delete(AccessToken).where(AccessToken.expires_at <= datetime.now(UTC)).returning(AccessToken.id)
    return len((await session.execute(expired, execution_options=NO_SYNCHRONIZATION)).all())


def _in(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
