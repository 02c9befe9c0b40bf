"""The policies of users, groups and permissions: staff with the permissions on them.

In addition, nobody can grant or revoke permissions that they lack, which `permissions/managing.py` checks.
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
        """Return the fields that nobody may read."""
        return frozenset({"hashed_password"})

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        """Return the fields that are computed from others."""
        return frozenset({"has_second_factor"})

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Show the permissions of a user to everybody who may see the user."""
        return {"user_permissions": true()}


class GroupPolicy(ModelPermissions[Group]):
    """Staff with the permissions on groups."""

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Show the permissions of a group to everybody who may see the group."""
        return {"permissions": true()}


class ForSuperusers(UserPolicy):
    """Allows superusers the given actions on all rows, and nobody else anything."""

    def __init__(self, *actions: str) -> None:
        self._actions = frozenset(actions)

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        """Return a condition that is true for all rows or for none."""
        return true() if action in self._actions and viewer is not None and viewer.is_superuser else false()


USERS = UserAccounts("auth.user")
GROUPS = GroupPolicy("auth.group")
PERMISSIONS = ModelPermissions[Permission]("auth.permission")
SECURITY_EVENTS = ForSuperusers("view")
OUTGOING_MAIL = ForSuperusers("view", "delete")
