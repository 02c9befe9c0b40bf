"""fastapi-users' manager on our store, without its JSON web tokens and without hashing on the event loop.

Only this package knows it; others use `project.contrib.auth.users`.
(https://fastapi-users.github.io/fastapi-users/latest/configuration/user-manager/)
"""

from typing import Any

from fastapi import Request
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, IntegerIDMixin, schemas
from fastapi_users.exceptions import InvalidResetPasswordToken, InvalidVerifyToken, UserAlreadyVerified, UserInactive
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from project.contrib.auth import messages, tokens
from project.contrib.auth.email import EmailMessage
from project.contrib.auth.models import TokenPurpose, User
from project.contrib.auth.names import normalize_email, normalize_username
from project.contrib.auth.password_rules import check_password
from project.contrib.auth.passwords import hash_password, verify_password
from project.contrib.auth.settings import AuthSettings
from project.contrib.auth.store import UserStore
from project.database.engine import READ_ONLY
from project.errors import DovetailError, FieldError, InvalidInputError
from project.plugin import Context


class NewUser(schemas.BaseUserCreate):
    """What a user is made from; already validated by `users.create_user`."""

    username: str
    full_name: str = ""
    bio: str = ""


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):  # type: ignore[type-var]  # its protocol knows no Mapped[]
    """What can be done with users in one session.

    `messages` collects the e-mails to send; the caller sends them once the transaction is committed.
    """

    user_db: UserStore

    def __init__(self, session: AsyncSession, settings: AuthSettings | None = None) -> None:
        super().__init__(UserStore(session))
        self.session = session
        self.settings = settings or AuthSettings()
        self.messages: list[EmailMessage] = []

    async def get_by_login(self, login: str) -> User | None:
        """The user with this e-mail address or username; a username has no @, so the two never collide."""
        try:
            if "@" in login:
                return await self.user_db.get_by_email(normalize_email(login))
            return await self.user_db.get_by_username(normalize_username(login))
        except InvalidInputError:
            return None

    async def create(self, user_create: schemas.UC, safe: bool = False, request: Request | None = None) -> User:  # noqa: FBT001, FBT002 - the signature is fastapi-users'
        """Hash the password and insert the user. Raises InvalidInputError and ConflictError."""
        await self.validate_password(user_create.password, user_create)
        reserved = {"is_active", "is_verified", "is_superuser"} if safe else set()
        values = user_create.model_dump(exclude_unset=True, exclude=reserved)
        values["hashed_password"] = await hash_password(values.pop("password"))
        user = await self.user_db.create(values)
        await self.on_after_register(user, request)
        return user

    async def validate_password(self, password: str, user: schemas.UC | User) -> None:
        """Raises InvalidInputError if the password is too weak for this user."""
        check_password(password, username=getattr(user, "username", ""), email=user.email)

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> User | None:
        """The active user with these credentials, their row locked; see `users.authenticate`."""
        # In a short transaction of its own: hashing takes long, and a connection (on SQLite the right to write) held
        # meanwhile would keep everybody else waiting.
        async with AsyncSession(self.session.bind, expire_on_commit=False) as lookup:
            await lookup.connection(execution_options={READ_ONLY: True})
            found = await UserManager(lookup).get_by_login(credentials.username)
        verified, better_hash = await verify_password(credentials.password, found.hashed_password if found else None)
        if found is None or not verified:
            return None
        user = await self.session.scalar(
            select(User)
            .where(User.id == found.id, User.is_active.is_(True))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        if user is not None and user.hashed_password != found.hashed_password:  # changed while we hashed
            verified, better_hash = await verify_password(credentials.password, user.hashed_password)
        if user is None or not verified:
            return None
        if better_hash is not None:
            await self.user_db.update(user, {"hashed_password": better_hash})
        return user

    async def set_password(self, user: User, password: str, *, keep_token: str | None = None) -> None:
        """Hash and store a new password and end the user's sessions. Raises InvalidInputError."""
        await self.validate_password(password, user)
        await self.user_db.update(user, {"hashed_password": await hash_password(password)})
        await self.end_sessions(user, keep_token=keep_token)

    async def change_password(self, user: User, current: str, new: str, *, keep_token: str | None) -> None:
        """Set the password of somebody who knows the current one. Raises InvalidInputError if they do not."""
        # Locked, so that a password that was changed a moment ago is not taken for the current one.
        await self.session.refresh(user, with_for_update={"key_share": True})
        verified, _ = await verify_password(current, user.hashed_password)
        if not verified:
            detail = "The current password is needed, and this is not it."
            raise InvalidInputError(detail, errors=[FieldError(pointer="/current_password", detail=detail)])
        await self.set_password(user, new, keep_token=keep_token)
        self.messages.append(messages.password_changed(user))

    async def change(self, user: User, values: dict[str, Any]) -> User:
        """Change columns, which are valid already. Raises ConflictError."""
        if not values:
            return user
        if values.get("email", user.email) != user.email:
            values.setdefault("is_verified", False)
        deactivated = user.is_active and values.get("is_active") is False
        await self.user_db.update(user, values)
        if deactivated:
            await self.end_sessions(user)
        return user

    async def end_sessions(self, user: User, *, keep_token: str | None = None) -> None:
        """Revoke the user's tokens and call the extension point `auth.end_sessions`.

        Comes after the change of the user's row was flushed: a login that holds the row's lock has then committed its
        token, and it is deleted too.
        """
        await self.session.flush()
        await tokens.revoke_all_tokens(self.session, user.id, keep=keep_token)
        for end_sessions in _context(self.session).extensions("auth.end_sessions"):
            await end_sessions(self.session, user)

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
        await self.set_password(user, password)
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
        await self.change(user, values)
        if password is not None:
            await self.set_password(user, password)
        return user


def _context(session: AsyncSession) -> Context:
    context: Context | None = session.info.get("context")
    if context is None:  # going on would leave sessions of other plugins alive
        raise DovetailError(
            "The session knows no plugins, so it cannot end a user's sessions; open it with "
            'context.database.unit_of_work(), or make it with info={"context": context}.'
        )
    return context
