"""What other parts of a site do with users: make them, know them, change them.

Every function works in the caller's transaction and leaves committing to it. A plugin that keeps sessions of its own
(the back office does) lists an async function at the extension point `auth.end_sessions`:

    Plugin(..., extensions={"auth.end_sessions": lazy("project.contrib.admin.sessions:end_sessions")})

    async def end_sessions(session: AsyncSession, user: User) -> None: ...

It is awaited in the same transaction whenever a user's password changes or the user is deactivated, and must leave
nothing that lets the user in. Call `end_sessions` yourself after you changed `hashed_password` or `is_active` by hand.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from project.contrib.auth.models import User
from project.contrib.auth.names import clean_bio, clean_full_name, normalize_email, normalize_username
from project.contrib.auth.password_rules import check_password
from project.contrib.auth.passwords import UNUSABLE, hash_password, verify_password
from project.contrib.auth.store import UserStore
from project.contrib.auth.tokens import revoke_all_tokens
from project.database.engine import READ_ONLY
from project.errors import DovetailError, InvalidInputError
from project.plugin import Context

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
    hashed = UNUSABLE
    if password is not None:
        check_password(password, username=values["username"], email=values["email"])
        hashed = await hash_password(password)
    return await UserStore(session).create(values | {"hashed_password": hashed})


async def authenticate(session: AsyncSession, login: str, password: str) -> User | None:
    """The active user with this e-mail address or username and this password; None for everybody else.

    An unknown name, a wrong password and a deactivated user cost the same work. The user is looked up among what is
    committed, and no connection is held while the password is hashed; give a session that has done nothing yet. The
    user's row is locked until the transaction ends, so that a session begun now cannot survive a password change.
    """
    # In a short transaction of its own: hashing takes long, and a connection (on SQLite the right to write) held
    # meanwhile would keep everybody else waiting.
    async with AsyncSession(session.bind, expire_on_commit=False) as lookup:
        await lookup.connection(execution_options={READ_ONLY: True})
        found = await get_user_by_login(lookup, login)
    verified, better_hash = await verify_password(password, found.hashed_password if found else None)
    if found is None or not verified:
        return None
    user = await session.scalar(
        select(User)
        .where(User.id == found.id, User.is_active.is_(True))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if user is not None and user.hashed_password != found.hashed_password:  # changed while we hashed
        verified, better_hash = await verify_password(password, user.hashed_password)
    if user is None or not verified:
        return None
    if better_hash is not None:
        await UserStore(session).update(user, {"hashed_password": better_hash})
    return user


async def get_user_by_login(session: AsyncSession, login: str) -> User | None:
    """The user with this e-mail address or username, active or not; a username has no @, so the two never collide."""
    try:
        if "@" in login:
            return await UserStore(session).get_by_email(normalize_email(login))
        return await UserStore(session).get_by_username(normalize_username(login))
    except InvalidInputError:
        return None


async def set_password(session: AsyncSession, user: User, password: str, *, keep_token: str | None = None) -> None:
    """Give the user a new password and end all their sessions, except the bearer token `keep_token`.

    Raises InvalidInputError if the password is too weak.
    """
    check_password(password, username=user.username, email=user.email)
    await UserStore(session).update(user, {"hashed_password": await hash_password(password)})
    await end_sessions(session, user, keep_token=keep_token)


async def update_user(session: AsyncSession, user: User, **values: Any) -> User:
    """Change columns of a user; a new address is unverified, and a deactivated user loses every session.

    Raises InvalidInputError and ConflictError as `create_user` does.
    """
    for field, clean in CLEANERS.items():
        if field in values:
            values[field] = clean(values[field])
    if not values:
        return user
    if values.get("email", user.email) != user.email:
        values.setdefault("is_verified", False)
    deactivated = user.is_active and values.get("is_active") is False
    await UserStore(session).update(user, values)
    if deactivated:
        await end_sessions(session, user)
    return user


async def end_sessions(session: AsyncSession, user: User, *, keep_token: str | None = None) -> None:
    """End every session of the user: bearer tokens but `keep_token`, password resets, and what plugins keep.

    Comes after the change of the user's row was flushed: a login that holds the row's lock has then committed its
    token, and it is deleted too.
    """
    await session.flush()
    await revoke_all_tokens(session, user.id, keep=keep_token)
    for end in _context(session).extensions("auth.end_sessions"):
        await end(session, user)


def _context(session: AsyncSession) -> Context:
    context: Context | None = session.info.get("context")
    if context is None:  # going on would leave sessions of other plugins alive
        raise DovetailError(
            "The session knows no plugins, so it cannot end a user's sessions; open it with "
            'context.database.unit_of_work(), or make it with info={"context": context}.'
        )
    return context
