"""Find the user of a token, which belongs to a session or is a personal token. Tokens are stored as SHA-256 hashes."""

from collections.abc import Callable, Hashable
from functools import cache
from typing import NamedTuple, TypeAlias

from sqlalchemy import Select, String, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.origin import AccountRef
from dovetail.contrib.auth.models import PERMISSIONS, User
from dovetail.contrib.auth.permissions.held import permission_columns
from dovetail.contrib.auth.sessions.current import (
    SESSION_COLUMNS,
    CurrentSession,
    remember_holder,
    session_of,
)
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.sessions.token_text import PERSONAL_PREFIX, is_token_text, looks_like
from dovetail.contrib.auth.tokens.current import TOKEN_COLUMNS, CurrentToken, read_token, remember_token, token_of
from dovetail.contrib.auth.tokens.limited_user import token_columns
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.database.column_types import utcnow
from dovetail.database.prepared_reads import ReadSource
from dovetail.resources.sql.statements import EntityStatement, Found, Row
from dovetail.signing import hash_token

Current: TypeAlias = CurrentSession | CurrentToken


def _holders() -> Select[User]:
    return (
        select(User)
        .join(Session, User.id == Session.user_id)
        .where(
            Session.token_hash == bindparam("token_hash"),
            Session.expires_at > utcnow(),
            or_(Session.token_expires_at.is_(None), Session.token_expires_at > utcnow()),
            Session.kind == bindparam("kind", type_=String()),
            User.is_active.is_(True),
        )
    )


def _owners() -> Select[User]:
    return (
        select(User)
        .join(PersonalToken, User.id == PersonalToken.user_id)
        .where(
            PersonalToken.token_hash == bindparam("token_hash"),
            PersonalToken.expires_at > utcnow(),
            User.is_active.is_(True),
        )
    )


def _is_noted(apart: Row) -> bool:
    _, is_due, *_ = apart
    return not is_due  # if the use of the token has to be recorded, the user has to be read again


_USER_BY_TOKEN = EntityStatement(
    User,
    _holders,
    beside=permission_columns,
    apart=SESSION_COLUMNS,
    note=remember_holder,
    known_by="token_hash",
    may_be_presumed=_is_noted,
)
_USER_BY_PERSONAL = EntityStatement(
    User,
    _owners,
    beside=token_columns,
    apart=TOKEN_COLUMNS,
    note=remember_token,
    known_by="token_hash",
    may_be_presumed=_is_noted,
)


class FoundUser(NamedTuple):
    """The user of a token (loaded on demand), their id and username, and the session or personal token."""

    user: Found[User]
    who: AccountRef
    current: Current | None


async def get_user_by_token(session: AsyncSession, token: str, kind: SessionKind = SessionKind.API) -> User | None:
    """Return the active user of a bearer token, with their permissions, by one statement; None if there is none.

    Sessions are only found for their own `kind`, and personal tokens only for the API.
    """
    if _is_personal(token, kind):
        if not is_token_text(token, PERSONAL_PREFIX):
            return None
        return await _USER_BY_PERSONAL.one_or_none(session, token_hash=hash_token(token))
    return await _USER_BY_TOKEN.one_or_none(session, token_hash=hash_token(token), kind=kind.value)


async def find_user_by_token(source: ReadSource, token: str, kind: SessionKind = SessionKind.API) -> FoundUser | None:
    """Return the same user by the same statement, without a session if there is none; see EntityStatement.find."""
    if _is_personal(token, kind):
        is_one = is_token_text(token, PERSONAL_PREFIX)
        owner = await _USER_BY_PERSONAL.find(source, token_hash=hash_token(token)) if is_one else None
        return None if owner is None else _found(owner, read_token)
    found = await _USER_BY_TOKEN.find(source, token_hash=hash_token(token), kind=kind.value)
    return None if found is None else _found(found, lambda row: CurrentSession(row[0], bool(row[1])))


def current_of(user: User) -> Current | None:
    """Return the session or personal token with which the user of this request was authenticated."""
    return session_of(user) or token_of(user)


def loaded_values(user: User) -> Hashable | None:
    """Return everything that was loaded for a user by their token; None if part of it has expired."""
    columns = _USER_BY_TOKEN.values_of(user)
    return None if columns is None or PERMISSIONS not in vars(user) else (columns, user.permissions, user.token_scopes)


async def lock_user_by_token(session: AsyncSession, token: str, kind: SessionKind = SessionKind.API) -> User | None:
    """Return the same user, locked until the transaction ends."""
    is_personal = _is_personal(token, kind)
    statement = (_owners() if is_personal else _holders()).with_for_update(key_share=True, of=User)
    values = {"token_hash": hash_token(token)} | ({} if is_personal else {"kind": kind.value})
    return await session.scalar(statement.execution_options(populate_existing=True), values)


def _found(found: Found[User], read: Callable[[Row], Current]) -> FoundUser:
    values = found.values
    if not isinstance(values, tuple):  # an object was loaded, since there are listeners for loads of users
        return FoundUser(found, AccountRef(found.item.id, found.item.username), current_of(found.item))
    key, name = _places()
    return FoundUser(found, AccountRef(values[key], values[name]), read(found.apart))


@cache
def _places() -> tuple[int, int]:
    return _USER_BY_TOKEN.place_of("id"), _USER_BY_TOKEN.place_of("username")


def _is_personal(token: str, kind: SessionKind) -> bool:
    return token.startswith(PERSONAL_PREFIX) and kind is SessionKind.API and looks_like(token, PERSONAL_PREFIX)
