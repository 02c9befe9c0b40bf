"""fastapi-users' manager on our users: without its JSON web tokens and without hashing on the event loop.

Only this package's routes know it, since it brings all of FastAPI along; others use `project.contrib.auth.users`.
(https://fastapi-users.github.io/fastapi-users/latest/configuration/user-manager/)
"""

from typing import Any

from fastapi import Request
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, IntegerIDMixin, schemas
from fastapi_users.db import BaseUserDatabase
from fastapi_users.exceptions import InvalidResetPasswordToken, InvalidVerifyToken, UserAlreadyVerified, UserInactive
from sqlalchemy.ext.asyncio import AsyncSession

from project.contrib.auth import messages, tokens, users
from project.contrib.auth.email import EmailMessage
from project.contrib.auth.models import TokenPurpose, User
from project.contrib.auth.password_rules import check_password
from project.contrib.auth.passwords import verify_password
from project.contrib.auth.settings import AuthSettings
from project.contrib.auth.store import UserStore
from project.errors import FieldError, InvalidInputError


class UserDatabase(UserStore, BaseUserDatabase[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """Our store, on fastapi-users' extension point."""


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """What can be done with users in one session.

    `messages` collects the e-mails to send; the caller sends them once the transaction is committed.
    """

    def __init__(self, session: AsyncSession, settings: AuthSettings | None = None) -> None:
        super().__init__(UserDatabase(session))
        self.session = session
        self.settings = settings or AuthSettings()
        self.messages: list[EmailMessage] = []

    async def create(self, user_create: schemas.UC, safe: bool = False, request: Request | None = None) -> User:  # noqa: FBT001, FBT002 - the signature is fastapi-users'
        """Hash the password and insert the user. Raises InvalidInputError and ConflictError."""
        reserved = {"is_active", "is_verified", "is_superuser"} if safe else set()
        values = user_create.model_dump(exclude_unset=True, exclude=reserved)
        user = await users.create_user(self.session, **values)
        await self.on_after_register(user, request)
        return user

    async def validate_password(self, password: str, user: schemas.UC | User) -> None:
        """Raises InvalidInputError if the password is too weak for this user."""
        check_password(password, username=getattr(user, "username", ""), email=user.email)

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> User | None:
        """The active user with these credentials, their row locked; see `users.authenticate`."""
        return await users.authenticate(self.session, credentials.username, credentials.password)

    async def change_password(self, user: User, current: str, new: str, *, keep_token: str | None) -> None:
        """Set the password of somebody who knows the current one. Raises InvalidInputError if they do not."""
        # Locked, so that a password that was changed a moment ago is not taken for the current one.
        await self.session.refresh(user, with_for_update={"key_share": True})
        verified, _ = await verify_password(current, user.hashed_password)
        if not verified:
            detail = "The current password is needed, and this is not it."
            raise InvalidInputError(detail, errors=[FieldError(pointer="/current_password", detail=detail)])
        await users.set_password(self.session, user, new, keep_token=keep_token)
        self.messages.append(messages.password_changed(user))

    async def forgot_password(self, user: User, request: Request | None = None) -> None:  # noqa: ARG002 - as above
        """Make a reset token and the message that carries it. Raises UserInactive."""
        if not user.is_active:
            raise UserInactive
        lifetime = self.settings.reset_token_lifetime
        token = await tokens.create_one_time_token(self.session, user, TokenPurpose.RESET_PASSWORD, lifetime=lifetime)
        self.messages.append(messages.reset_password(user, token, self.settings))

    async def reset_password(self, token: str, password: str, request: Request | None = None) -> User:  # noqa: ARG002 - as above
        """Use the token up and set the password. Raises InvalidResetPasswordToken and InvalidInputError."""
        user = await tokens.redeem_one_time_token(self.session, token, TokenPurpose.RESET_PASSWORD)
        if user is None:
            raise InvalidResetPasswordToken
        await users.set_password(self.session, user, password)
        self.messages.append(messages.password_changed(user))
        return user

    async def request_verify(self, user: User, request: Request | None = None) -> None:  # noqa: ARG002 - as above
        """Make a verification token and the message that carries it. Raises UserInactive and UserAlreadyVerified."""
        if not user.is_active:
            raise UserInactive
        if user.is_verified:
            raise UserAlreadyVerified
        lifetime = self.settings.verify_token_lifetime
        token = await tokens.create_one_time_token(self.session, user, TokenPurpose.VERIFY_EMAIL, lifetime=lifetime)
        self.messages.append(messages.verify_email(user, token, self.settings))

    async def verify(self, token: str, request: Request | None = None) -> User:  # noqa: ARG002 - as above
        """Use the token up and mark the address as verified. Raises InvalidVerifyToken."""
        user = await tokens.redeem_one_time_token(self.session, token, TokenPurpose.VERIFY_EMAIL)
        if user is None:
            raise InvalidVerifyToken
        return await self.user_db.update(user, {"is_verified": True})

    async def _update(self, user: User, update_dict: dict[str, Any]) -> User:
        # What fastapi-users' own `update` calls.
        values = dict(update_dict)
        password = values.pop("password", None)
        await users.update_user(self.session, user, **values)
        if password is not None:
            await users.set_password(self.session, user, password)
        return user
