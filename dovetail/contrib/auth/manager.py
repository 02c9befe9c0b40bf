"""fastapi-users' manager as an adapter on our users: forgotten passwords and addresses that have to be proven.

Whoever knows fastapi-users finds its methods here; the work is done by `users.py` and `accounts/`, since fastapi-users
hashes on the event loop, signs tokens that cannot be revoked, and commits by itself. Its methods that are not here
(`create`, `update`, `authenticate`) are not for use. Only this package knows it, and imports it late.
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
from dovetail.contrib.auth.models import TokenPurpose, User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import ConflictError
from dovetail.translation.texts import gettext


class UserDatabase(UserStore, BaseUserDatabase[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """Our store, on fastapi-users' extension point."""


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """Does with users, in one session, what takes a token that was sent to them.

    `messages` are the mails that were put into the outbox: they are sent once the transaction is committed.
    """

    def __init__(self, session: AsyncSession, settings: AuthSettings) -> None:
        super().__init__(UserDatabase(session))
        self.session = session
        self.settings = settings
        self.messages: list[OutgoingMail] = []

    async def set_password(self, user: User, password: HashedPassword, *, keep_token: str | None = None) -> None:
        """Set the password of a locked user, end their other sessions, and tell them."""
        await users.set_password(self.session, user, password, keep_token=keep_token)
        await self.send(user, emails.password_changed)

    async def forgot_password(self, user: User, request: Request | None = None) -> None:  # noqa: ARG002 - the signature is fastapi-users'
        """Send a token for a new password, unless many were sent already. Raise UserInactive."""
        if not user.is_active:
            raise UserInactive
        self.messages.append(await send_token(self.session, MailKind.RESET_PASSWORD, user.email, user))

    async def reset_password(self, token: str, password: str, request: Request | None = None) -> User:  # noqa: ARG002 - the signature is fastapi-users'
        """Use the token up and set the password. Raise InvalidResetPasswordToken and InvalidInputError.

        Whoever has no token that works makes us hash nothing; and nothing is locked while we hash.
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
        if redeemed is None:  # somebody was faster
            raise InvalidResetPasswordToken
        await record(self.session, EventKind.PASSWORD_RESET, user=redeemed.user)
        await self.set_password(redeemed.user, hashed)
        if not redeemed.user.is_verified:  # the token was sent to the address, and has come back
            with suppress(ConflictError):  # which somebody else has proved meanwhile
                await users.update_user(self.session, redeemed.user, is_verified=True)
        return redeemed.user

    async def request_verify(self, user: User, request: Request | None = None) -> None:  # noqa: ARG002 - the signature is fastapi-users'
        """Send a token that proves the address, unless many were sent. Raise UserInactive and UserAlreadyVerified."""
        if not user.is_active:
            raise UserInactive
        if user.is_verified:
            raise UserAlreadyVerified
        self.messages.append(await send_token(self.session, MailKind.VERIFY_EMAIL, user.email, user))

    async def welcome(self, user: User) -> None:
        """Ask for a proof of a new account's address; if it is that of another account, its owner is told instead."""
        self.messages.append(await send_token(self.session, MailKind.WELCOME, user.email, user))

    async def invite(self, user: User) -> None:
        """Send a new user, whose account staff made, a token to choose a password with."""
        self.messages.append(await send_token(self.session, MailKind.INVITATION, user.email, user))

    async def send(self, user: User, write: Callable[[User], EmailMessage]) -> None:
        """Send the user a message about their account."""
        self.messages.append(await tell(self.session, user, write))

    async def request_email_change(self, user: User, email: str) -> None:
        """Send a token to an address that a locked user is to have; it counts once it comes back. The old one is told.

        A change that was asked for before is off. Whether the address is somebody's is not told: they are, by mail.
        Raise InvalidInputError, and ConflictError if too many were asked for.
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
        """Use the token up: the address is verified, and if it is a new one, it is the user's from now on.

        Raise InvalidVerifyToken, and ConflictError if somebody else has got the address meanwhile.
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
