"""The user of a token that is limited to scopes: what is asked about them is answered within these."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Dialect, ScalarSelect, case, func, select
from typing_extensions import override

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import joined_names, permission_columns
from dovetail.contrib.auth.tokens.models import PersonalToken, token_scopes

SCOPES = "token_scopes_of_user"  # in the __dict__ of a User, where no column is


class LimitedUser(User):
    """Somebody who came by a token with scopes. They have the permissions that both they and the scopes name.

    They pass for no superuser, whatever the row says: who asks `is_superuser` asks whether everything is allowed.
    """

    __abstract__ = True  # no table, no mapper: objects are loaded as User, and become this

    @property
    @override
    def token_scopes(self) -> frozenset[str]:
        """The scopes of the token."""
        found: frozenset[str] = vars(self)[SCOPES]
        return found

    @property
    @override
    def permissions(self) -> frozenset[str]:
        """Return what the user is permitted and the token names. Raise DovetailError as that of User does."""
        if is_superuser_by_row(self):
            return self.token_scopes
        return super().permissions & self.token_scopes

    @property
    @override
    def is_superuser(self) -> bool:
        """False; what is set is set in the row, for they may change their own account as staff."""
        return False

    @is_superuser.setter
    def is_superuser(self, value: bool) -> None:
        User.is_superuser.__set__(self, value)


def is_superuser_by_row(user: User) -> bool:
    """Return True for a superuser, whatever the token by which they came is limited to."""
    return User.is_superuser.__get__(user, User)


def token_columns(dialect: Dialect) -> Sequence[ScalarSelect[str]]:
    """Return the columns of `permission_columns`, and behind them the scopes: NULL for a token without limits."""
    names = (
        select(joined_names(dialect, token_scopes.c.permission_name))
        .where(token_scopes.c.personal_token_id == PersonalToken.id)
        .correlate(PersonalToken)
        .scalar_subquery()
    )
    limits = case((PersonalToken.is_limited, func.coalesce(names, "")))
    return (*permission_columns(dialect), cast("ScalarSelect[str]", limits))


def remember_limits(user: User, row: Sequence[object]) -> None:
    """Let a user know what `token_columns` gave."""
    *held, scopes = cast("Sequence[str | None]", row)
    user.remember_permissions(held)
    if scopes is not None:
        vars(user)[SCOPES] = frozenset(scopes.split())
        user.__class__ = LimitedUser
