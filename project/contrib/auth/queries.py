"""Lists of users."""

from typing import Any

from sqlalchemy import Select, select

from project.api.filters import contains, ordered
from project.contrib.auth.models import User
from project.contrib.auth.schemas import UserQuery

FLAGS = {"is_active", "is_verified", "is_superuser"}


def users_for(query: UserQuery) -> Select[tuple[User]]:
    """The users that `query` filters and orders."""
    statement: Select[Any] = select(User)
    for name, value in query.model_dump(include=FLAGS, exclude_none=True).items():
        statement = statement.where(getattr(User, name).is_(value))
    if query.search:
        statement = statement.where(contains(query.search, User.username, User.email, User.full_name))
    return ordered(statement, query.ordering, User)
