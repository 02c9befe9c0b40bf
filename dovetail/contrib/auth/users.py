"""Services for users, which other plugins use too: create, authenticate, find and change them.

Every function works in the caller's transaction and does not commit. A plugin with sessions of its own lists an async
function at the extension point `auth.end_sessions`:

    Plugin(..., extensions={"auth.end_sessions": lazy("plugins.chat.sessions:end_sessions")})

    async def end_sessions(session: AsyncSession, user: User) -> None: ...

It is awaited in the same transaction whenever a user's password changes or the user is deactivated, and has to end all
sessions of the user. A function `(session)` at `auth.end_all_sessions` does so for all users. If you change
`hashed_password` or `is_active` by hand, call `end_sessions` yourself.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TypedDict, Unpack, cast

import email_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.accounts.one_time_tokens import expire_one_time_tokens
from dovetail.contrib.auth.accounts.password_validation import check_password
from dovetail.contrib.auth.accounts.passwords import HashedPassword, hash_password, verify_password
from dovetail.contrib.auth.accounts.store import UserStore, taken
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record, record_failure
from dovetail.contrib.auth.limits.attempts import begin_login
from dovetail.contrib.auth.models import (
    MAXIMUM_BIO,
    MAXIMUM_EMAIL,
    MAXIMUM_FULL_NAME,
    MAXIMUM_USERNAME,
    UNUSABLE_PASSWORD,
    TokenPurpose,
    User,
)
from dovetail.contrib.auth.permissions.held import load_permissions as load_permissions
from dovetail.contrib.auth.sessions.ending import end_sessions_of
from dovetail.contrib.auth.sessions.log_in import LoggedIn as LoggedIn
from dovetail.contrib.auth.sessions.log_in import log_in as log_in
from dovetail.contrib.auth.sessions.log_in import note_proof as note_proof
from dovetail.contrib.auth.tokens.personal import revoke_tokens_of
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import DovetailError, FieldError, InvalidInputError
from dovetail.plugin import Context, context_of
from dovetail.translation.texts import gettext
from dovetail.validators import normalize

# A name in ASCII cannot imitate another one, and a name without @ cannot be taken for an address.
USERNAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.+-]{{0,{MAXIMUM_USERNAME - 1}}}")


async def create_user(
    session: AsyncSession,
    *,
    username: str,
    email: str,
    password: str | HashedPassword | None,
    full_name: str = "",
    bio: str = "",
    is_active: bool = True,
    is_verified: bool = False,
    is_staff: bool | None = None,
    is_superuser: bool = False,
    shares_address: bool = False,
) -> User:
    """Insert a user; with `password=None` the user cannot log in until the password is reset.

    A superuser is also staff, unless `is_staff` says otherwise.

    An address that another account has verified is refused. With `shares_address` the new account gets it unverified:
    use this in public forms, which must not reveal which addresses are known.

    A plain password is hashed before anything is written: pass a session that has not been used yet, or pass the result
    of `hash_new_password`.

    Raise InvalidInputError for an invalid name, address, text or password, and ConflictError for a name or address that
    is taken. After a ConflictError the session can still be used.
    """
    username, email = normalize_username(username), normalize_email(email)
    values = {
        "username": username,
        "email": email,
        "full_name": clean_full_name(full_name),
        "bio": clean_bio(bio),
        "is_active": is_active,
        "is_verified": is_verified,
        "is_staff": is_superuser if is_staff is None else is_staff,
        "is_superuser": is_superuser,
    }
    if isinstance(password, str):
        context = _context_of(session)
        password = await hash_new_password(
            password, username=username, email=email, full_name=str(values["full_name"]), context=context
        )
    stored = UNUSABLE_PASSWORD if password is None else password.value
    if not (is_verified or shares_address):  # for a verified address the unique index decides
        await _refuse_taken(session, email)
    user = await UserStore(session).create(values | {"hashed_password": stored})
    await record(session, EventKind.USER_CREATED, user=user, detail=_flags(values))
    return user


async def authenticate(session: AsyncSession, login: str, password: str) -> User | None:
    """Return the active user with this username or verified e-mail address, and this password; otherwise None.

    An unknown name, a wrong password and a deactivated user take the same time. Raise TooManyRequestsError before any
    work after too many attempts; see `limits/attempts.py`. No connection is held while the password is hashed, so pass
    a session that has not been used yet. The user's row is locked until the transaction ends, so that a session created
    now cannot survive a password change.
    """
    async with lookup_session(session) as lookup:
        found = await get_user_by_login(lookup, login)
    if found is not None and "@" in login and not found.is_verified:
        found = None  # an unverified address may belong to somebody else
    attempt = await begin_login(found, normalize_login(login), password)
    verified, better_hash = await verify_password(password, found.hashed_password if found else None)
    if found is None or not verified:
        # The entered name is not recorded, since users sometimes type their password there.
        reason = "unknown name" if found is None else "wrong password"
        await record_failure(EventKind.LOGIN_FAILED, user=found, detail=reason)
        return None
    await attempt.succeed(session, remember=True)
    # The row was not locked during hashing, so it is compared again. A concurrent login may have stored the better hash
    # of the same password; any other hash means that the password was changed.
    user = await session.scalar(
        select(User)
        .where(User.id == found.id, User.is_active.is_(True))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if user is None or user.hashed_password not in {found.hashed_password, better_hash}:
        reason = "deactivated account" if user is None else "the password was changed meanwhile"
        await record_failure(EventKind.LOGIN_FAILED, user=found, detail=reason)
        return None
    if better_hash not in {None, user.hashed_password}:
        await UserStore(session).update(user, {"hashed_password": better_hash})
    return user


async def get_user_by_login(session: AsyncSession, login: str) -> User | None:
    """Return the user with this e-mail address or username, active or not; only an address has an @.

    If several users have entered an address, return the one who has verified it, or else the first.
    """
    try:
        if "@" in login:
            return await UserStore(session).get_by_email(normalize_email(login))
        return await UserStore(session).get_by_username(normalize_username(login))
    except InvalidInputError:
        return None


async def hash_new_password(
    password: str,
    *,
    username: str,
    email: str,
    full_name: str = "",
    has_second_factor: bool = False,
    context: Context | None = None,
) -> HashedPassword:
    """Return the hash of a new password for the user with this name and address. It is slow: do it before any lock.

    Commands pass their `context`, for the site's rules; in a request these are known. Raise InvalidInputError if the
    password is too weak, and UnavailableError if too many passwords are being hashed.
    """
    check_password(
        password,
        username=username,
        email=email,
        full_name=full_name,
        has_second_factor=has_second_factor,
        context=context,
    )
    return HashedPassword(await hash_password(password))


async def set_password(
    session: AsyncSession, user: User, password: HashedPassword, *, keep_token: str | None = None
) -> None:
    """Set the user's password and end all their sessions, except that of the token `keep_token`.

    Without `keep_token`, as in a reset, nobody has proved to know the old password, so personal tokens are revoked,
    too.

    Call `hash_new_password` before the user is locked:

        hashed = await hash_new_password("correct horse battery staple", username="ada", email="ada@example.org")
        async with context.database.unit_of_work() as session: ...
    """
    await UserStore(session).update(user, {"hashed_password": password.value})
    await record(session, EventKind.PASSWORD_CHANGED, user=user)
    await end_sessions(session, user, keep_token=keep_token)
    if keep_token is None:
        await revoke_tokens_of(session, user)


class UserChanges(TypedDict, total=False):
    """The columns that `update_user` changes; columns that are left out keep their values."""

    username: str
    email: str
    full_name: str
    bio: str
    is_active: bool
    is_verified: bool
    is_staff: bool
    is_superuser: bool


async def update_user(session: AsyncSession, user: User, **values: Unpack[UserChanges]) -> User:
    """Change columns of a user; a new address is unverified, and a deactivated user loses every session.

    A new address takes effect at once, and tokens that were sent to the old one become invalid. An address that a user
    enters should be verified first (`UserManager.request_email_change`).

    Raise InvalidInputError and ConflictError as `create_user` does.
    """
    changes = dict(values)
    for field, clean in CLEANERS.items():
        if field in changes:
            changes[field] = clean(cast("str", changes[field]))
    if not changes:
        return user
    has_moved = changes.get("email", user.email) != user.email
    if has_moved:
        changes.setdefault("is_verified", False)
        if not changes["is_verified"]:
            await _refuse_taken(session, str(changes["email"]))
    deactivated = user.is_active and changes.get("is_active") is False
    events = list(_events_of(user, changes))
    await UserStore(session).update(user, changes)
    for kind, detail in events:
        await record(session, kind, user=user, detail=detail)
    if has_moved:
        await expire_one_time_tokens(session, user.id)
    if deactivated:
        await end_sessions(session, user)
        await revoke_tokens_of(session, user)
    return user


async def end_sessions(
    session: AsyncSession, user: User, *, keep_token: str | None = None, keep_id: int | None = None
) -> None:
    """End all sessions of the user, in the API, in the back office and in plugins.

    The sessions with the token `keep_token` and with the id `keep_id` are kept. Pending resets of the password and
    changes of the address are cancelled, since an attacker may have requested them.

    Call it after the change of the user's row is flushed: a concurrent login, which locks the row, has committed its
    session by then, so that it is deleted, too.
    """
    await session.flush()
    await end_sessions_of(session, user.id, keep_token=keep_token, keep_id=keep_id)
    await expire_one_time_tokens(session, user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.CHANGE_EMAIL)
    for end in context_of(session).extensions("auth.end_sessions"):
        await end(session, user)


async def log_out_everywhere(session: AsyncSession, user: User, *, keep_id: int | None = None) -> None:
    """End all sessions of a user, on request, except the one with the id `keep_id`.

    The user's row is locked first, so that the session of a concurrent login is ended, too.
    """
    await session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    await end_sessions(session, user, keep_id=keep_id)
    await record(session, EventKind.SESSION_ENDED, user=user, detail="all" if keep_id is None else "all others")


def normalize_login(login: str) -> str:
    """Return an e-mail address or username in the form in which it is looked up; a text that is neither, unchanged."""
    try:
        return normalize_email(login) if "@" in login else normalize_username(login)
    except InvalidInputError:
        return login


def normalize_username(username: str) -> str:
    """Return the normalized name; names are unique, ignoring case. Raise InvalidInputError if it is invalid."""
    with suppress(ValueError):
        name = normalize(username, maximum=MAXIMUM_USERNAME).strip()
        if USERNAME.fullmatch(name):
            return name
    raise _invalid(
        "username",
        gettext(
            "A username has 1 to %(maximum_username)s characters: letters (a-z), digits and _ . + -; "
            "it starts with none of . + -"
        )
        % {"maximum_username": MAXIMUM_USERNAME},
    )


def normalize_email(email: str) -> str:
    """Return the normalized address, in lower case. Raise InvalidInputError if it is invalid."""
    try:
        text = normalize(email, maximum=MAXIMUM_EMAIL).strip()
        address = email_validator.validate_email(text, check_deliverability=False).normalized
        return normalize(address.casefold(), maximum=MAXIMUM_EMAIL)
    except ValueError:  # raised by `normalize` and by email_validator
        raise _invalid(
            "email", gettext("This is not an e-mail address; expected one such as name@example.org.")
        ) from None


def clean_full_name(text: str) -> str:
    """Return the full name, on one line. Raise InvalidInputError if it is invalid."""
    return _clean_text(text, field="full_name", maximum=MAXIMUM_FULL_NAME, lines=False)


def clean_bio(text: str) -> str:
    """Return the user's description of themselves, which may have several lines. Raise InvalidInputError."""
    return _clean_text(text, field="bio", maximum=MAXIMUM_BIO, lines=True)


def _context_of(session: AsyncSession) -> Context | None:
    try:
        return context_of(session)
    except DovetailError:  # in a script without a site, the default rules apply
        return None


CLEANERS = {
    "username": normalize_username,
    "email": normalize_email,
    "full_name": clean_full_name,
    "bio": clean_bio,
}


async def _refuse_taken(session: AsyncSession, email: str) -> None:
    if await UserStore(session).get_verified_by_email(email) is not None:
        raise taken("email")


def _events_of(user: User, changes: Mapping[str, object]) -> Iterator[tuple[EventKind, str]]:
    """Yield the security events of changes that are about to be made."""
    if changes.get("username", user.username) != user.username:
        yield EventKind.USERNAME_CHANGED, f"was {user.username}"
    if changes.get("email", user.email) != user.email:
        yield EventKind.EMAIL_CHANGED, ""
    elif changes.get("is_verified") and not user.is_verified:
        yield EventKind.EMAIL_VERIFIED, ""
    if changes.get("is_active", user.is_active) != user.is_active:
        yield EventKind.USER_ACTIVATED if changes.get("is_active") else EventKind.USER_DEACTIVATED, ""
    before = {"is_staff": user.is_staff, "is_superuser": user.is_superuser}
    after = before | {name: value for name, value in changes.items() if name in before}
    if after != before:
        yield (
            EventKind.RIGHTS_CHANGED,
            f"{_flags(after)}; was {_flags(before)}",
        )


def _flags(values: Mapping[str, object]) -> str:
    names = {"is_staff": "staff", "is_superuser": "superuser"}
    return ", ".join(text for name, text in names.items() if values.get(name)) or "no staff"


def _clean_text(text: str, *, field: str, maximum: int, lines: bool) -> str:
    if len(text) > maximum:
        raise _invalid(
            field,
            gettext("The %(field)s has %(count)s characters, expected %(maximum)s or fewer.")
            % {"field": field, "count": len(text), "maximum": maximum},
        )
    text = text.strip() if lines else " ".join(text.split())
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text if character not in "\n\r\t"):
        raise _invalid(field, gettext("The %(field)s holds control characters; remove them.") % {"field": field})
    return text


def _invalid(field: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{field}", detail=detail)])
