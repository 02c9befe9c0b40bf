"""Decide who may see and change users, groups and permissions: staff with the permissions on them.

Nobody gives or takes what they may not do themselves; `permissions/managing.py` sees to that, of each change.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, false, true
from typing_extensions import override

from dovetail.contrib.auth.access import ModelPermissions, UserPolicy
from dovetail.contrib.auth.models import Group, Permission, User


class UserAccounts(ModelPermissions[User]):
    """Staff with the permissions on users."""

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        """Return what nobody reads."""
        return frozenset({"hashed_password"})

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        """Return what follows from the factors that a user has."""
        return frozenset({"has_second_factor"})

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Show what a user is permitted to whoever may see the user."""
        return {"user_permissions": true()}


class GroupPolicy(ModelPermissions[Group]):
    """Staff with the permissions on groups."""

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Show what a group permits to whoever may see the group."""
        return {"permissions": true()}


class ForSuperusers(UserPolicy):
    """Superusers do the actions that are named, with all rows; nobody else does anything."""

    def __init__(self, *actions: str) -> None:
        self._actions = frozenset(actions)

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil, or none."""
        return true() if action in self._actions and viewer is not None and viewer.is_superuser else false()


USERS = UserAccounts("auth.user")
GROUPS = GroupPolicy("auth.group")
PERMISSIONS = ModelPermissions[Permission]("auth.permission")
SECURITY_EVENTS = ForSuperusers("view")
OUTGOING_MAIL = ForSuperusers("view", "delete")
