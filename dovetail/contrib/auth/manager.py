"""fastapi-users' manager, adapted to our users: forgotten passwords and verification of addresses.

It has the methods that fastapi-users documents, but `users.py` and `accounts/` do the work, since fastapi-users hashes
on the event loop, signs tokens that cannot be revoked, and commits by itself. Do not call inherited methods that are
not overridden here (`create`, `update`, `authenticate`).
(https://fastapi-users.github.io/fastapi-users/latest/configuration/user-manager/)
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from fastapi import Request
from fastapi_users import BaseUserManager, IntegerIDMixin
from fastapi_users.db import BaseUserDatabase
from fastapi_users.exceptions import InvalidResetPasswordToken as InvalidResetPasswordToken
from fastapi_users.exceptions import InvalidVerifyToken, UserAlreadyVerified, UserInactive
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth import users
from dovetail.contrib.auth.accounts.one_time_tokens import (
    create_one_time_token,
    expire_one_time_tokens,
    find_user_of_one_time_token,
    redeem_one_time_token,
    token_of,
)
from dovetail.contrib.auth.accounts.passwords import HashedPassword
from dovetail.contrib.auth.accounts.store import UserStore
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.mail import emails
from dovetail.contrib.auth.mail.backends import EmailMessage
from dovetail.contrib.auth.mail.models import MailKind, OutgoingMail
from dovetail.contrib.auth.mail.outbox import new_nonce, send_token, tell
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, TokenPurpose, User
from dovetail.contrib.auth.providers.unproved import remove_unproved_logins
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import ConflictError
from dovetail.translation.texts import gettext


class UserDatabase(UserStore, BaseUserDatabase[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """Our store, declared as fastapi-users' BaseUserDatabase."""


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """Resets passwords and verifies addresses with tokens sent by e-mail, in one session.

    `messages` are the mails it has queued; they are sent after the commit.
    """

    def __init__(self, session: AsyncSession, settings: AuthSettings) -> None:
        super().__init__(UserDatabase(session))
        self.session = session
        self.settings = settings
        self.messages: list[OutgoingMail] = []

    async def set_password(self, user: User, password: HashedPassword, *, keep_token: str | None = None) -> None:
        """Set the password of a locked user, end their other sessions, and tell them by e-mail."""
        await users.set_password(self.session, user, password, keep_token=keep_token)
        await self.send(user, emails.password_changed)

    async def forgot_password(self, user: User, request: Request | None = None) -> None:  # noqa: ARG002 - the signature is fastapi-users'
        """Send a token for a new password to a user who has asked for it. Raise UserInactive."""
        if not user.is_active:
            raise UserInactive
        await record(self.session, EventKind.RESET_REQUESTED, user=user)
        await self.send_reset(user)

    async def send_reset(self, user: User) -> None:
        """Send a token for a new password, unless too many were sent."""
        self.messages.append(await send_token(self.session, MailKind.RESET_PASSWORD, user.email, user))

    async def reset_password(self, token: str, password: str, request: Request | None = None) -> User:  # noqa: ARG002 - the signature is fastapi-users'
        """Redeem the token and set the password. Raise InvalidResetPasswordToken and InvalidInputError.

        Nothing is hashed without a valid token, and no row is locked while the password is hashed.
        """
        async with lookup_session(self.session) as lookup:
            user = await find_user_of_one_time_token(lookup, token, TokenPurpose.RESET_PASSWORD)
        if user is None:
            raise InvalidResetPasswordToken
        hashed = await users.hash_new_password(
            password,
            username=user.username,
            email=user.email,
            full_name=user.full_name,
            has_second_factor=user.has_second_factor,
        )
        redeemed = await redeem_one_time_token(self.session, token, TokenPurpose.RESET_PASSWORD)
        if redeemed is None:  # a concurrent request has used the token
            raise InvalidResetPasswordToken
        await record(self.session, EventKind.PASSWORD_RESET, user=redeemed.user)
        is_invited = redeemed.user.hashed_password == UNUSABLE_PASSWORD
        await self.set_password(redeemed.user, hashed)
        if not redeemed.user.is_verified:  # the token was sent to the address, so the user controls it
            if not is_invited:  # otherwise anybody may have registered the account
                await remove_unproved_logins(self.session, redeemed.user)
            with suppress(ConflictError):  # another user has verified the address meanwhile
                await users.update_user(self.session, redeemed.user, is_verified=True)
        return redeemed.user

    async def request_verify(self, user: User, request: Request | None = None) -> None:  # noqa: ARG002 - the signature is fastapi-users'
        """Send a token to verify the address, unless too many were sent. Raise UserInactive and UserAlreadyVerified."""
        if not user.is_active:
            raise UserInactive
        if user.is_verified:
            raise UserAlreadyVerified
        await record(self.session, EventKind.VERIFICATION_REQUESTED, user=user)
        self.messages.append(await send_token(self.session, MailKind.VERIFY_EMAIL, user.email, user))

    async def send_verification(self, user: User) -> None:
        """Send a token that verifies a new account's address; if another account has the address, tell its owner."""
        self.messages.append(await send_token(self.session, MailKind.WELCOME, user.email, user))

    async def invite(self, user: User) -> None:
        """Send a token to choose a password to a user whose account was created by staff."""
        self.messages.append(await send_token(self.session, MailKind.INVITATION, user.email, user))

    async def send(self, user: User, write: Callable[[User], EmailMessage]) -> None:
        """Send the user a message about their account."""
        self.messages.append(await tell(self.session, user, write))

    async def request_email_change(self, user: User, email: str) -> None:
        """Send a token to the new address of a locked user, and tell the old one. The token confirms the change.

        An earlier unconfirmed change is cancelled. If another user has the address, only its owner is told, by e-mail.
        Raise InvalidInputError, and ConflictError after too many changes.
        """
        address = users.normalize_email(email)
        await expire_one_time_tokens(self.session, user.id, TokenPurpose.CHANGE_EMAIL)
        if address == user.email:
            return
        nonce, lifetime = new_nonce(), self.settings.verify_token_lifetime
        token = await create_one_time_token(
            self.session,
            user,
            TokenPurpose.CHANGE_EMAIL,
            lifetime=lifetime,
            email=address,
            token=token_of(self.session, nonce),
        )
        if token is None:
            raise ConflictError(gettext("Too many changes of the address were asked for; try again in an hour."))
        await record(self.session, EventKind.EMAIL_CHANGE_REQUESTED, user=user)
        self.messages.append(await send_token(self.session, MailKind.CONFIRM_EMAIL, address, user, nonce=nonce))
        await self.send(user, partial(emails.email_change_requested, new_email=address))

    async def verify(self, token: str, request: Request | None = None) -> User:  # noqa: ARG002 - the signature is fastapi-users'
        """Redeem the token: the address is verified, and a new address replaces the old one.

        Raise InvalidVerifyToken, and ConflictError if another user has verified the address meanwhile.
        """
        purposes = (TokenPurpose.VERIFY_EMAIL, TokenPurpose.CHANGE_EMAIL)
        redeemed = await redeem_one_time_token(self.session, token, *purposes)
        if redeemed is None:
            raise InvalidVerifyToken
        user, old_email = redeemed.user, redeemed.user.email
        if redeemed.purpose == TokenPurpose.VERIFY_EMAIL:
            await users.update_user(self.session, user, is_verified=True)
            await expire_one_time_tokens(self.session, user.id, TokenPurpose.VERIFY_EMAIL)
            return user
        await users.update_user(self.session, user, email=redeemed.email, is_verified=True)
        await self.send(user, partial(emails.email_changed, old_email=old_email))
        return user
