"""The endpoints of groups and permissions: `/api/groups`, `/api/permissions`."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import MISSING, Field
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.schemas import Id, PathId, Schema
from dovetail.contrib.auth.access import StaffUser, takes_scopes
from dovetail.contrib.auth.api.policies import GROUPS, PERMISSIONS
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import MAXIMUM_GROUP, MAXIMUM_PERMISSION, Group, Permission, User
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.permissions.held import own_permissions
from dovetail.contrib.auth.permissions.managing import (
    check_may_grant,
)
from dovetail.database.session import SessionDep
from dovetail.resources.endpoints import documentation
from dovetail.resources.resource import Resource

PermissionName = Annotated[
    str, Field(max_length=MAXIMUM_PERMISSION, pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$", examples=["blog.change_post"])
]
GroupName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAXIMUM_GROUP,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        examples=["editors"],
    ),
]
MAX_NAMES = 1000  # permissions, or groups, in one request


class PermissionRead(Schema):
    """Something that a user may be allowed to do."""

    name: PermissionName
    plugin: str
    title: Annotated[str, Field(examples=["Can change post"])]


class GroupRead(Schema):
    """A group of users with its permissions."""

    id: Id
    name: GroupName
    permissions: list[PermissionRead]


class GroupCreate(Schema):
    """A new group."""

    name: GroupName
    permissions: Annotated[list[PermissionName], Field(max_length=MAX_NAMES)] = Field(default=[])


class GroupUpdate(Schema):
    """The fields of a group to change; fields that are left out keep their values."""

    name: GroupName | MISSING = MISSING
    permissions: Annotated[list[PermissionName], Field(max_length=MAX_NAMES)] | MISSING = MISSING


async def find_permissions(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    """Return the keys of the permissions, which are their names. Raise InvalidInputError for an unknown one."""
    await grants.check_permissions(session, names)
    return {name: name for name in names}


async def new_group(session: AsyncSession, viewer: User, data: GroupCreate) -> Group:
    """Create a group and check that the viewer may grant its permissions; the resource sets them."""
    check_may_grant(viewer, data.permissions)
    group = await grants.create_group(session, data.name)
    await grants.record_grants(session, EventKind.PERMISSION_GRANTED, group, set(data.permissions))
    return group


async def change_group(session: AsyncSession, viewer: User, group: Group, data: GroupUpdate) -> None:
    """Rename a group and check that the viewer may change its permissions; the resource changes them."""
    if data.name is not MISSING:
        await grants.rename_group(session, group, data.name)
    if data.permissions is not MISSING:
        held, wanted = set(await own_permissions(session, group)), set(data.permissions)
        check_may_grant(viewer, held ^ wanted)
        await grants.record_grants(session, EventKind.PERMISSION_GRANTED, group, wanted - held)
        await grants.record_grants(session, EventKind.PERMISSION_REVOKED, group, held - wanted)


groups = Resource(
    model=Group,
    read=GroupRead,
    create=GroupCreate,
    update=GroupUpdate,
    policy=GROUPS,
    filters={"name": ("exact", "in")},
    ordering=("name", "id"),
    default_ordering="name",
    unindexed=("name", "name__in"),  # there are few groups
    links={"permissions": find_permissions},
    create_with=new_group,
    update_with=change_group,
    without={"delete", "bulk_create", "bulk_update", "bulk_delete"},
)
permissions = Resource(
    model=Permission,
    read=PermissionRead,
    policy=PERMISSIONS,
    filters={"plugin": "exact", "name": "in"},
    ordering=("name",),
    default_ordering="name",
    without={"retrieve", "delete", "bulk_delete"},
)
router = APIRouter(tags=["permissions"])
router.include_router(groups.router)
router.include_router(permissions.router)


@router.delete(
    "/groups/{group_id}",
    status_code=204,
    openapi_extra={"parameters": [documentation.if_match(required=False)]},
    responses=documentation.precondition_responses(required=False) | {422: {}},
)
@takes_scopes("auth.delete_group")
async def delete_group(group_id: PathId, viewer: StaffUser, session: SessionDep, request: Request) -> None:
    """Delete a group; its members lose its permissions."""
    group = await groups.lock(session, viewer, group_id, request, action="delete")
    check_may_grant(viewer, await own_permissions(session, group))
    await record(session, EventKind.GROUP_CHANGED, detail=f"group {group.name} deleted")
    await groups.writer.delete_locked(session, group)
