"""Decide who may grant which permissions to whom, so that managing accounts cannot increase one's own permissions.

Whoever can set the password or address of a user can act as that user. So users can only manage accounts that have no
permission which they lack themselves.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import Group, Permission, User, groups_permissions, users_groups
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.permissions.held import load_permissions, own_permissions
from dovetail.errors import PermissionDeniedError
from dovetail.translation.texts import gettext

REMOVE_FACTORS = "auth.remove_factors"


async def check_may_manage(session: AsyncSession, manager: User, user: User) -> None:
    """Raise PermissionDeniedError if `user` has a permission that `manager` lacks."""
    if manager.is_superuser or manager.id == user.id:
        return
    if user.is_superuser:
        raise PermissionDeniedError(gettext("Only a superuser may change a superuser."))
    await load_permissions(session, user)
    more = sorted(user.permissions - manager.permissions)
    if more:
        message = gettext("%(name)s may do more than you: %(permission)s. Ask somebody who may do it too.")
        raise PermissionDeniedError(message % {"name": user.username, "permission": more[0]})


async def check_may_remove_factors(session: AsyncSession, manager: User, user: User) -> None:
    """Raise PermissionDeniedError unless the manager may remove the second factors of another user, who lost them.

    Removing them alone gives nobody access, as the password is still required.
    """
    if not manager.has_perm(REMOVE_FACTORS):
        raise PermissionDeniedError(gettext("This takes the permission %(action)s.") % {"action": REMOVE_FACTORS})
    if manager.id == user.id:
        raise PermissionDeniedError(gettext("Remove your own factors one by one, where you see them."))
    await check_may_manage(session, manager, user)


def check_may_set_flags(manager: User, user: User | None, *, is_superuser: bool) -> None:
    """Raise PermissionDeniedError if a user who is not a superuser tries to make or unmake one."""
    if not manager.is_superuser and is_superuser != (user is not None and user.is_superuser):
        raise PermissionDeniedError(gettext("Only a superuser may make somebody a superuser, or end that."))


def check_may_grant(manager: User, permissions: Iterable[str]) -> None:
    """Raise PermissionDeniedError unless the manager has all the permissions that they grant or revoke."""
    missing = [] if manager.is_superuser else sorted(set(permissions) - manager.permissions)
    if missing:
        message = gettext("You can only give or take what you may do yourself; you lack %(permission)s.")
        raise PermissionDeniedError(message % {"permission": missing[0]})


def grantable(manager: User, model: type[Group] | type[Permission]) -> ColumnElement[bool]:
    """Return the condition on the groups or permissions that the manager may grant and revoke."""
    if manager.is_superuser:
        return true()
    beyond = Permission.name.not_in(sorted(manager.permissions))
    return ~beyond if model is Permission else ~Group.permissions.any(beyond)


async def set_permissions(session: AsyncSession, manager: User, holder: User | Group, wanted: Collection[str]) -> None:
    """Replace the permissions granted to a user or group directly.

    Raise InvalidInputError for an unknown one, and PermissionDeniedError as `check_may_grant` does.
    """
    held = set(await own_permissions(session, holder))
    new, gone = set(wanted) - held, held - set(wanted)
    await grants.check_permissions(session, new)
    check_may_grant(manager, new | gone)
    await grants.grant(session, holder, new)
    await grants.revoke(session, holder, gone)


async def set_groups(
    session: AsyncSession, manager: User, user: User, wanted: Collection[int], *, known: Collection[int] | None = None
) -> None:
    """Replace the groups of a user by those with these ids. With `known`, other groups than these are left unchanged.

    Raise PermissionDeniedError as `check_may_grant` does.
    """
    held = set(await session.scalars(select(users_groups.c.group_id).where(users_groups.c.user_id == user.id)))
    unknown = set() if known is None else held - set(known)  # groups that the form did not show
    changed = held ^ {*wanted, *unknown}
    given = select(groups_permissions.c.permission_name).where(groups_permissions.c.group_id.in_(changed))
    check_may_grant(manager, await session.scalars(given))
    for group in await session.scalars(select(Group).where(Group.id.in_(changed)).order_by(Group.id)):
        await (grants.leave_group if group.id in held else grants.join_group)(session, user, group)
