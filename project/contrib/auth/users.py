"""What other parts of a site do with users: make them, know them, change them.

Every function works in the caller's transaction and leaves committing to it. A plugin that keeps sessions of its own
(the back office does) lists an async function at the extension point `auth.end_sessions`:

    Plugin(..., extensions={"auth.end_sessions": lazy("project.contrib.admin.sessions:end_sessions")})

    async def end_sessions(session: AsyncSession, user: User) -> None: ...

It is awaited in the same transaction whenever a user's password changes or the user is deactivated, and must leave
nothing that lets the user in. Call `end_sessions` yourself after you changed `hashed_password` or `is_active` by hand.
"""

from typing import Any

from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy.ext.asyncio import AsyncSession

from project.contrib.auth.manager import NewUser, UserManager
from project.contrib.auth.models import User
from project.contrib.auth.names import clean_bio, clean_full_name, normalize_email, normalize_username
from project.contrib.auth.passwords import UNUSABLE
from project.contrib.auth.store import UserStore

__all__ = [
    "authenticate",
    "create_user",
    "end_sessions",
    "get_user_by_login",
    "normalize_email",
    "normalize_username",
    "set_password",
    "update_user",
]

CLEANERS = {
    "username": normalize_username,
    "email": normalize_email,
    "full_name": clean_full_name,
    "bio": clean_bio,
}


async def create_user(
    session: AsyncSession,
    *,
    username: str,
    email: str,
    password: str | None,
    full_name: str = "",
    bio: str = "",
    is_active: bool = True,
    is_verified: bool = False,
    is_superuser: bool = False,
) -> User:
    """Insert a user; `password=None` makes one who cannot log in until the password is reset.

    Raises InvalidInputError for a name, address, text or password that will not do, ConflictError for a name or an
    address that is taken. After a ConflictError the session can still be used.
    """
    values: dict[str, Any] = {
        "username": normalize_username(username),
        "email": normalize_email(email),
        "full_name": clean_full_name(full_name),
        "bio": clean_bio(bio),
        "is_active": is_active,
        "is_verified": is_verified,
        "is_superuser": is_superuser,
    }
    if password is None:
        return await UserStore(session).create(values | {"hashed_password": UNUSABLE})
    return await UserManager(session).create(NewUser.model_construct(**values, password=password))


async def authenticate(session: AsyncSession, login: str, password: str) -> User | None:
    """The active user with this e-mail address or username and this password; None for everybody else.

    An unknown name, a wrong password and a deactivated user cost the same work. The user is looked up among what is
    committed, and no connection is held while the password is hashed; give a session that has done nothing yet. The
    user's row is locked until the transaction ends, so that a session begun now cannot survive a password change.
    """
    return await UserManager(session).authenticate(OAuth2PasswordRequestForm(username=login, password=password))


async def get_user_by_login(session: AsyncSession, login: str) -> User | None:
    """The user with this e-mail address or username, active or not."""
    return await UserManager(session).get_by_login(login)


async def set_password(session: AsyncSession, user: User, password: str, *, keep_token: str | None = None) -> None:
    """Give the user a new password and end all their sessions, except the bearer token `keep_token`.

    Raises InvalidInputError if the password is too weak.
    """
    await UserManager(session).set_password(user, password, keep_token=keep_token)


async def update_user(session: AsyncSession, user: User, **values: Any) -> User:
    """Change columns of a user; a new address is unverified, and a deactivated user loses every session.

    Raises InvalidInputError and ConflictError as `create_user` does.
    """
    for field, clean in CLEANERS.items():
        if field in values:
            values[field] = clean(values[field])
    return await UserManager(session).change(user, values)


async def end_sessions(session: AsyncSession, user: User, *, keep_token: str | None = None) -> None:
    """End every session of the user: bearer tokens but `keep_token`, password resets, and what plugins keep."""
    await UserManager(session).end_sessions(user, keep_token=keep_token)
