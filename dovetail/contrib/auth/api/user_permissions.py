"""The permissions of users, to read and to set: `/api/users/{user_id}/permissions`."""

from itertools import chain
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import PathId, Schema
from dovetail.contrib.auth.access import CurrentUser, StaffUser, check_permission, takes_scopes
from dovetail.contrib.auth.accounts.store import get_user
from dovetail.contrib.auth.api.groups import MOST, GroupName, PermissionName
from dovetail.contrib.auth.credentials.scopes import takes_any_scopes
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.permissions.held import groups_of, own_permissions
from dovetail.contrib.auth.permissions.managing import check_may_manage, set_groups, set_permissions
from dovetail.database.session import SessionDep

router = APIRouter()


class UserPermissions(Schema):
    """The groups that a user is in, and the permissions of their own."""

    groups: Annotated[list[GroupName], Field(max_length=MOST)]
    permissions: Annotated[list[PermissionName], Field(max_length=MOST)]


class UserPermissionsRead(UserPermissions):
    """The same, and what the user may do by all of it; a superuser may do everything, whatever stands here."""

    is_staff: bool
    is_superuser: bool
    effective: list[PermissionName]


@router.get("/users/me/permissions", response_model=UserPermissionsRead)
@takes_any_scopes
async def get_my_permissions(user: CurrentUser, session: SessionDep) -> UserPermissionsRead:
    """Return what the user that the token belongs to may do."""
    return await _held(session, user)


@router.get("/users/{user_id}/permissions", response_model=UserPermissionsRead)
@takes_scopes("auth.view_user")
async def get_user_permissions(user_id: PathId, viewer: StaffUser, session: SessionDep) -> UserPermissionsRead:
    """Return what a user may do, to staff with the permission to view users."""
    check_permission(viewer, "auth.view_user")
    return await _held(session, await get_user(session, user_id))


@router.put("/users/{user_id}/permissions", response_model=UserPermissionsRead)
@takes_scopes("auth.change_user")
async def set_user_permissions(
    user_id: PathId, data: UserPermissions, viewer: StaffUser, session: SessionDep
) -> UserPermissionsRead:
    """Let a user be in exactly these groups and have exactly these permissions of their own.

    Staff with the permission to change users may, and nobody gives or takes what they may not do themselves.
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
