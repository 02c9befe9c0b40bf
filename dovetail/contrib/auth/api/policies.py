"""Decide who may see and change users, groups and permissions: staff with the permissions on them.

Nobody gives or takes what they may not do themselves; `permissions/managing.py` sees to that, of each change.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, true
from typing_extensions import override

from dovetail.contrib.auth.access import ModelPermissions
from dovetail.contrib.auth.models import Group, Permission, User


class UserAccounts(ModelPermissions[User]):
    """Staff with the permissions on users."""

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        """Return what nobody reads."""
        return frozenset({"hashed_password"})


class GroupPolicy(ModelPermissions[Group]):
    """Staff with the permissions on groups."""

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        """Show what a group permits to whoever may see the group."""
        return {"permissions": true()}


USERS = UserAccounts("auth.user")
GROUPS = GroupPolicy("auth.group")
PERMISSIONS = ModelPermissions[Permission]("auth.permission")
