"""Create, list and revoke personal tokens.

made = await make_token(session, user, name="ci", scopes=["blog.add_post"], lifetime=timedelta(days=30))
made.token  # is not stored, so show it now
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import check_permissions
from dovetail.contrib.auth.sessions.token_text import PERSONAL_PREFIX, make_token_text
from dovetail.contrib.auth.tokens.models import MAXIMUM_TOKEN_NAME, PersonalToken, token_scopes
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.errors import ConflictError, FieldError, InvalidInputError
from dovetail.signing import hash_token
from dovetail.translation.texts import gettext
from dovetail.validators import clean_name

MAX_TOKENS = 100  # of a user
SHOWN = 8  # characters of a token that are stored in clear: the prefix, and four of 43 random ones


@dataclass(frozen=True, kw_only=True)
class MadeToken:
    """A new token and its row."""

    token: str = field(repr=False)
    row: PersonalToken
    scopes: Sequence[str] | None


async def make_token(
    session: AsyncSession, user: User, *, name: str, scopes: Collection[str] | None, lifetime: timedelta
) -> MadeToken:
    """Create a token of a user, valid for `lifetime`; without `scopes` (None) it may do all that the user may.

    Raise InvalidInputError for an invalid name or an unknown scope, ConflictError for a user who has MAX_TOKENS
    already. Expired tokens of the user are deleted.
    """
    now, name = datetime.now(UTC), _clean(name)
    names = None if scopes is None else sorted(set(scopes))
    await check_permissions(session, names or (), pointer="/scopes")
    # A concurrent password reset waits for this transaction, and then revokes this token, too.
    await session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    await _make_room(session, user, now)
    token = make_token_text(PERSONAL_PREFIX)
    row = PersonalToken(
        token_hash=hash_token(token),
        user_id=user.id,
        name=name,
        hint=token[:SHOWN],
        is_limited=names is not None,
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(row)
    await session.flush()
    if names:
        links = [{"personal_token_id": row.id, "permission_name": one} for one in names]
        await session.execute(insert(token_scopes), links)
    limits = "all that its owner may do" if names is None else f"the scopes {', '.join(names)}"
    await record(session, EventKind.TOKEN_MADE, user=user, detail=f"the personal token {name!r} with {limits}")
    return MadeToken(token=token, row=row, scopes=names)


async def tokens_of(session: AsyncSession, user: User) -> Sequence[PersonalToken]:
    """Return the valid tokens of a user with their scopes, newest first."""
    rows = await session.scalars(
        select(PersonalToken)
        .where(PersonalToken.user_id == user.id, PersonalToken.expires_at > datetime.now(UTC))
        .order_by(PersonalToken.id.desc())
        .options(selectinload(PersonalToken.scopes))
    )
    return rows.all()


async def revoke_token(session: AsyncSession, user: User, key: int) -> bool:
    """Revoke the user's token with this id; return False if there is none."""
    names = await session.scalars(
        delete(PersonalToken)
        .where(PersonalToken.id == key, PersonalToken.user_id == user.id)
        .returning(PersonalToken.name),
        execution_options=NO_SYNCHRONIZATION,
    )
    name = names.one_or_none()
    if name is None:
        return False
    await record(session, EventKind.TOKEN_REVOKED, user=user, detail=f"the personal token {name!r}")
    return True


async def revoke_tokens_of(session: AsyncSession, user: User) -> None:
    """Revoke all personal tokens of a user."""
    rows = await session.scalars(
        delete(PersonalToken).where(PersonalToken.user_id == user.id).returning(PersonalToken.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    if count := len(rows.all()):
        await record(session, EventKind.TOKEN_REVOKED, user=user, detail=f"all personal tokens ({count})")


def _clean(name: str) -> str:
    """Return the normalized name. Raise InvalidInputError if it is invalid."""
    try:
        return clean_name(name, maximum=MAXIMUM_TOKEN_NAME)
    except ValueError:
        detail = gettext("The name of a token has 1 to %(maximum_token_name)s characters, on one line.") % {
            "maximum_token_name": MAXIMUM_TOKEN_NAME
        }
        error = FieldError(pointer="/name", detail=detail, type="value_error")
        raise InvalidInputError(detail, errors=[error]) from None


async def _make_room(session: AsyncSession, user: User, now: datetime) -> None:
    expired = delete(PersonalToken).where(PersonalToken.user_id == user.id, PersonalToken.expires_at <= now)
    await session.execute(expired, execution_options=NO_SYNCHRONIZATION)
    count = await session.scalar(select(func.count()).where(PersonalToken.user_id == user.id))
    if (count or 0) >= MAX_TOKENS:
        raise ConflictError(
            gettext("You have %(most_tokens)s personal tokens; revoke those that nobody needs any more.")
            % {"most_tokens": MAX_TOKENS}
        )
