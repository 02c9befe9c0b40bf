"""Read and write rows of users: the store flushes and never commits, so that a request is one transaction.

Its methods are those that fastapi-users asks of a store; `UserDatabase` in manager.py says so to it.
(https://fastapi-users.github.io/fastapi-users/latest/configuration/databases/: BaseUserDatabase)
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
    """Return the error for a `username` or `email` that somebody else has."""
    detail = UNIQUE_FIELDS[field]
    return ConflictError(detail, errors=[FieldError(pointer=f"/{field}", detail=detail, type="unique")])


async def lock_user(session: AsyncSession, user_id: int) -> User | None:
    """Return the user, active or not, whom nobody changes before the transaction ends; None if they are gone."""
    return await session.scalar(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )


async def get_user(session: AsyncSession, user_id: int, *, lock: bool = False) -> User:
    """Return the user with this key, locked as `lock_user` does if that is wanted. Raise NotFoundError."""
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
        """Return the user with this address, whatever its case: who has proved it, or else who entered it first."""
        statement = select(User).where(func.lower(User.email) == email.lower())
        return await self.session.scalar(statement.order_by(User.is_verified.desc(), User.id).limit(1))

    async def get_verified_by_email(self, email: str) -> User | None:
        """Return the user who has proved that this address is theirs."""
        return await self._get_where((func.lower(User.email) == email.lower()) & User.is_verified.is_(True))

    async def get_by_username(self, username: str) -> User | None:
        """Return the user of this name, whatever its case."""
        return await self._get_where(func.lower(User.username) == username.lower())

    async def create(self, create_dict: Mapping[str, object]) -> User:
        """Insert a user. Raise ConflictError if the name or the address is taken."""
        return await self._save(User(), create_dict)

    async def update(self, user: User, update_dict: Mapping[str, object]) -> User:
        """Change a user's columns. Raise ConflictError as `create` does."""
        return await self._save(user, update_dict)

    async def delete(self, user: User) -> None:
        """Delete a user and, by the database's cascades, what is theirs."""
        await self.session.delete(user)
        await self.session.flush()

    async def _get_where(self, condition: ColumnElement[bool]) -> User | None:
        return await self.session.scalar(select(User).where(condition))

    async def _save(self, user: User, values: Mapping[str, object]) -> User:
        try:
            # In a savepoint, so that a caller who expects the conflict can go on with the same session.
            async with self.session.begin_nested():
                for name, value in values.items():
                    setattr(user, name, value)
                self.session.add(user)
        except IntegrityError as error:
            raise _explain(error) from None
        return user


def _explain(error: IntegrityError) -> Exception:
    # Both databases name the violated index.
    for field, index in UNIQUE_INDEXES.items():
        if index in str(error.orig):
            return taken(field)
    return error
