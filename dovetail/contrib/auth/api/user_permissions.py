"""Read and set the permissions of users: `/api/users/{user_id}/permissions`."""

from itertools import chain
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import PathId, Schema
from dovetail.contrib.auth.access import CurrentUser, StaffUser, check_permission, takes_scopes
from dovetail.contrib.auth.accounts.store import get_user
from dovetail.contrib.auth.api.groups import MAX_NAMES, GroupName, PermissionName
from dovetail.contrib.auth.credentials.scopes import takes_any_scopes
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.permissions.held import groups_of, own_permissions
from dovetail.contrib.auth.permissions.managing import check_may_manage, set_groups, set_permissions
from dovetail.database.session import SessionDep

router = APIRouter()


class UserPermissions(Schema):
    """The groups of a user, and the user's own permissions."""

    groups: Annotated[list[GroupName], Field(max_length=MAX_NAMES)]
    permissions: Annotated[list[PermissionName], Field(max_length=MAX_NAMES)]


class UserPermissionsRead(UserPermissions):
    """The same, with the resulting permissions in `effective`. Superusers have all permissions, listed or not."""

    is_staff: bool
    is_superuser: bool
    effective: list[PermissionName]


@router.get("/users/me/permissions", response_model=UserPermissionsRead)
@takes_any_scopes
async def get_my_permissions(user: CurrentUser, session: SessionDep) -> UserPermissionsRead:
    """Return the permissions of the current user."""
    return await _held(session, user)


@router.get("/users/{user_id}/permissions", response_model=UserPermissionsRead)
@takes_scopes("auth.view_user")
async def get_user_permissions(user_id: PathId, viewer: StaffUser, session: SessionDep) -> UserPermissionsRead:
    """Return the permissions of a user; for staff with the permission to view users."""
    check_permission(viewer, "auth.view_user")
    return await _held(session, await get_user(session, user_id))


@router.put("/users/{user_id}/permissions", response_model=UserPermissionsRead)
@takes_scopes("auth.change_user")
async def set_user_permissions(
    user_id: PathId, data: UserPermissions, viewer: StaffUser, session: SessionDep
) -> UserPermissionsRead:
    """Set the groups of a user and their own permissions.

    It is for staff with the permission to change users, who can only grant and revoke permissions they have themselves.
    """
    check_permission(viewer, "auth.change_user")
    user = await get_user(session, user_id, lock=True)
    await check_may_manage(session, viewer, user)
    wanted = [(await grants.get_group(session, name)).id for name in data.groups]
    await set_groups(session, viewer, user, wanted)
    await set_permissions(session, viewer, user, data.permissions)
    return await _held(session, user)


async def _held(session: AsyncSession, user: User) -> UserPermissionsRead:
    groups, own = await groups_of(session, user), await own_permissions(session, user)
    return UserPermissionsRead(
        groups=list(groups),
        permissions=list(own),
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        effective=sorted({*own, *chain.from_iterable(groups.values())}),
    )
