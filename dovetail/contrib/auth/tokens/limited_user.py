"""The user of a token with scopes, whose permissions are limited by them."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Dialect, ScalarSelect, case, func, select
from typing_extensions import override

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import joined_names, permission_columns
from dovetail.contrib.auth.tokens.models import PersonalToken, token_scopes

SCOPES = "token_scopes_of_user"  # key in the __dict__ of a User, which is not a column


class LimitedUser(User):
    """The user of a request with a scoped token. They have the permissions that they and the scopes have in common.

    `is_superuser` is False even for superusers, since it is checked to see whether everything is allowed.
    """

    __abstract__ = True  # no table and no mapper: an object is loaded as User, and its class is changed

    @property
    @override
    def token_scopes(self) -> frozenset[str]:
        """The scopes of the token."""
        found: frozenset[str] = vars(self)[SCOPES]
        return found

    @property
    @override
    def permissions(self) -> frozenset[str]:
        """Return the user's permissions that are also scopes. Raise DovetailError as User's does."""
        if is_superuser_by_row(self):
            return self.token_scopes
        return super().permissions & self.token_scopes

    @property
    @override
    def is_superuser(self) -> bool:
        """False. Setting it changes the row, since staff may change their own account."""
        return False

    @is_superuser.setter
    def is_superuser(self, value: bool) -> None:
        User.is_superuser.__set__(self, value)


def is_superuser_by_row(user: User) -> bool:
    """Return whether the user is a superuser, whatever the scopes of the request's token."""
    return User.is_superuser.__get__(user, User)


def token_columns(dialect: Dialect) -> Sequence[ScalarSelect[str]]:
    """Return the columns of `permission_columns` and then the scopes: NULL for a token without scopes."""
    names = (
        select(joined_names(dialect, token_scopes.c.permission_name))
        .where(token_scopes.c.personal_token_id == PersonalToken.id)
        .correlate(PersonalToken)
        .scalar_subquery()
    )
    limits = case((PersonalToken.is_limited, func.coalesce(names, "")))
    return (*permission_columns(dialect), cast("ScalarSelect[str]", limits))


def remember_limits(user: User, row: Sequence[object]) -> None:
    """Store the values of `token_columns` in a user."""
    *held, scopes = cast("Sequence[str | None]", row)
    user.remember_permissions(held)
    if scopes is not None:
        vars(user)[SCOPES] = frozenset(scopes.split())
        user.__class__ = LimitedUser
