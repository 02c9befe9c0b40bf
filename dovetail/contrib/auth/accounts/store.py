"""The store of users. It flushes and never commits, so that a request is one transaction.

Its methods are those of fastapi-users' BaseUserDatabase, which `UserDatabase` in manager.py declares
(https://fastapi-users.github.io/fastapi-users/latest/configuration/databases/).
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.errors import ConflictError, FieldError, NotFoundError
from dovetail.translation.texts import gettext, gettext_lazy

UNIQUE_FIELDS = {
    "username": gettext_lazy("A user with this username already exists."),
    "email": gettext_lazy("A user with this e-mail address already exists."),
}

UNIQUE_INDEXES = {"username": "uq_auth_user_username_lower", "email": "uq_auth_user_email_proved"}


def taken(field: str) -> ConflictError:
    """Return the error for a `username` or `email` that another user has."""
    detail = UNIQUE_FIELDS[field]
    return ConflictError(detail, errors=[FieldError(pointer=f"/{field}", detail=detail, type="unique")])


async def lock_user(session: AsyncSession, user_id: int) -> User | None:
    """Return the user, active or not, locked until the transaction ends; None if it does not exist."""
    return await session.scalar(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


async def get_user(session: AsyncSession, user_id: int, *, lock: bool = False) -> User:
    """Return the user with this id, locked if `lock` is set. Raise NotFoundError if there is none."""
    user = await lock_user(session, user_id) if lock else await session.get(User, user_id)
    if user is None:
        raise NotFoundError(gettext("There is no user %(user_id)s.") % {"user_id": user_id})
    return user


class UserStore:
    """Reads and writes users in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, id: int) -> User | None:  # noqa: A002 - the name is fastapi-users'
        """Return the user with this primary key."""
        return await self.session.get(User, id)

    async def get_by_email(self, email: str) -> User | None:
        """Return the user with this address, in any case: the one who has verified it, or else the oldest account."""
        statement = select(User).where(func.lower(User.email) == email.lower())
        return await self.session.scalar(statement.order_by(User.is_verified.desc(), User.id).limit(1))

    async def get_verified_by_email(self, email: str) -> User | None:
        """Return the user who has verified this address."""
        return await self._get_where((func.lower(User.email) == email.lower()) & User.is_verified.is_(True))

    async def get_by_username(self, username: str) -> User | None:
        """Return the user with this name, in any case."""
        return await self._get_where(func.lower(User.username) == username.lower())

    async def create(self, create_dict: Mapping[str, object]) -> User:
        """Insert a user. Raise ConflictError if the name or the address is taken."""
        return await self._save(User(), create_dict)

    async def update(self, user: User, update_dict: Mapping[str, object]) -> User:
        """Update the columns of a user. Raise ConflictError as `create` does."""
        return await self._save(user, update_dict)

    async def delete(self, user: User) -> None:
        """Delete a user and, by the database's cascades, the rows that belong to them."""
        await self.session.delete(user)
        await self.session.flush()

    async def _get_where(self, condition: ColumnElement[bool]) -> User | None:
        return await self.session.scalar(select(User).where(condition))

    async def _save(self, user: User, values: Mapping[str, object]) -> User:
        try:
            # In a savepoint, so that a caller can handle the conflict and continue with the same session.
            async with self.session.begin_nested():
                for name, value in values.items():
                    setattr(user, name, value)
                self.session.add(user)
        except IntegrityError as error:
            raise _explain(error) from None
        return user


def _explain(error: IntegrityError) -> Exception:
    # Both databases include the name of the violated index in the message.
    for field, index in UNIQUE_INDEXES.items():
        if index in str(error.orig):
            return taken(field)
    return error
