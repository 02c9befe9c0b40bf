"""Change a user's credentials (username, address, password, personal tokens), and tell the user by e-mail.

The first three require the current password, so that somebody with a stolen token, or at an open browser, cannot take
over the account. It is verified first, since hashing is slow, against a user read by a `lookup_session`; afterwards the
row is locked and compared with what was read.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth import users
from dovetail.contrib.auth.accounts.passwords import HashedPassword, verify_password
from dovetail.contrib.auth.accounts.store import UserStore, taken
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record, record_failure
from dovetail.contrib.auth.limits.attempts import begin_proof
from dovetail.contrib.auth.mail import emails
from dovetail.contrib.auth.mail.outbox import notify_of_change
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.tokens.personal import MadeToken, make_token, revoke_token
from dovetail.contrib.auth.users import UserChanges
from dovetail.errors import ConflictError, FieldError, InvalidInputError
from dovetail.translation.texts import gettext

if TYPE_CHECKING:
    from dovetail.contrib.auth.manager import UserManager


@dataclass(frozen=True)
class Proof:
    """The proof that a user knew the current password; `hashes` are the hashes it matches."""

    hashes: frozenset[str | None] = frozenset()

    def check(self, user: User) -> None:
        """Raise InvalidInputError unless it is still the user's password."""
        if user.hashed_password not in self.hashes:
            raise wrong_password()


async def prove(user: User, current_password: str) -> Proof:
    """Verify the current password, which is slow, and return the proof; it is empty for a wrong password.

    Raise TooManyRequestsError after too many attempts.
    """
    attempt = await begin_proof(user)
    verified, better_hash = await verify_password(current_password, user.hashed_password)
    if verified:
        await attempt.succeed()
    else:
        await record_failure(EventKind.PROOF_FAILED, user=user, detail="wrong password")
    # A concurrent login may replace the hash by `better_hash`, which is of the same password.
    return Proof(frozenset({user.hashed_password, better_hash} - {None})) if verified else Proof()


def changes_credentials(user: User, values: UserChanges) -> bool:
    """Return whether the values change the address, or the username in more than its case.

    Raise InvalidInputError for an invalid username or address.
    """
    username = users.normalize_username(values.get("username", user.username))
    email = users.normalize_email(values.get("email", user.email))
    return username.lower() != user.username.lower() or email != user.email


async def change_own_account(
    manager: "UserManager",
    user: User,
    values: UserChanges,
    *,
    password: HashedPassword | None,
    keep_token: str | None = None,
) -> None:
    """Apply a locked user's changes to their own account, and tell them by e-mail. A new address has to be verified.

    Raise InvalidInputError and ConflictError.
    """
    await _change(manager, user, _without_email(values), password, keep_token)
    if "email" in values:
        await manager.request_email_change(user, values["email"])


async def change_as_staff(
    manager: "UserManager",
    user: User,
    values: UserChanges,
    *,
    vouch: bool,
) -> None:
    """Apply staff's changes to a locked user, and tell the user by e-mail.

    A new address has to be verified, unless staff `vouch` for it; the old address is told in any case. Raise
    InvalidInputError and ConflictError.
    """
    old_email = user.email
    await _change(manager, user, values if vouch else _without_email(values), None)
    if user.email != old_email:
        await manager.send(user, partial(emails.email_changed, old_email=old_email))
    elif "email" in values:
        await _refuse_if_taken(manager, user, values["email"])  # staff see all addresses
        await manager.request_email_change(user, values["email"])


async def start_reset_of(manager: "UserManager", user: User) -> None:
    """Send a locked user a link to choose a new password, on behalf of staff. Sessions are not ended.

    Raise ConflictError if the user is deactivated.
    """
    if not user.is_active:
        raise ConflictError(
            gettext("%(username)s is deactivated; activate the account first.") % {"username": user.username}
        )
    await record(manager.session, EventKind.RESET_STARTED, user=user)
    await manager.send_reset(user)


async def make_personal_token(
    session: AsyncSession, user: User, *, name: str, scopes: Collection[str] | None, lifetime: timedelta
) -> MadeToken:
    """Create a personal token for a user, and tell them by e-mail. Raise as `make_token` does."""
    made = await make_token(session, user, name=name, scopes=scopes, lifetime=lifetime)
    await notify_of_change(
        session,
        user,
        lambda: gettext("a personal token was made for your account: %(name)s.") % {"name": made.row.name},
    )
    return made


async def revoke_personal_token(session: AsyncSession, user: User, key: int) -> bool:
    """Revoke the user's personal token with this id, and tell them; return False if there is none."""
    is_revoked = await revoke_token(session, user, key)
    if is_revoked:
        await notify_of_change(session, user, lambda: gettext("a personal token of your account was revoked."))
    return is_revoked


def wrong_password() -> InvalidInputError:
    """Return the error for a wrong current password."""
    detail = gettext("The current password is needed, and this is not it.")
    return InvalidInputError(detail, errors=[FieldError(pointer="/current_password", detail=detail)])


async def _refuse_if_taken(manager: "UserManager", user: User, email: str) -> None:
    owner = await UserStore(manager.session).get_verified_by_email(users.normalize_email(email))
    if owner is not None and owner.id != user.id:
        raise taken("email")


async def _change(
    manager: "UserManager",
    user: User,
    values: UserChanges,
    password: HashedPassword | None,
    keep_token: str | None = None,
) -> None:
    old_username = user.username
    await users.update_user(manager.session, user, **values)
    if user.username.lower() != old_username.lower():
        await manager.send(user, partial(emails.username_changed, old_username=old_username))
    if password is not None:
        await manager.set_password(user, password, keep_token=keep_token)


def _without_email(values: UserChanges) -> UserChanges:
    return cast("UserChanges", {name: value for name, value in values.items() if name != "email"})
