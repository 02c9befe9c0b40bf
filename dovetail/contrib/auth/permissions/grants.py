"""Create groups, and grant and revoke permissions, for the commands, the API and the back office.

All functions work in the caller's transaction and do not commit.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import MAXIMUM_GROUP, Group, Permission, User, users_groups
from dovetail.contrib.auth.permissions.held import grants_of
from dovetail.errors import ConflictError, FieldError, InvalidInputError, NotFoundError, quoted
from dovetail.translation.texts import gettext

IN_ONE_EVENT = 5  # permissions per event, so that usually all names fit into its text
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


async def create_group(session: AsyncSession, name: str, permissions: Collection[str] = ()) -> Group:
    """Create a group with permissions. Raise InvalidInputError, and ConflictError if the name is taken."""
    await check_permissions(session, permissions)
    group = await _save(session, Group(), name)
    await record(session, EventKind.GROUP_CHANGED, detail=f"group {group.name} made")
    await grant(session, group, permissions)
    return group


async def rename_group(session: AsyncSession, group: Group, name: str) -> None:
    """Rename a group. Raise as `create_group` does."""
    old_name = group.name
    await _save(session, group, name)
    if group.name != old_name:
        await record(session, EventKind.GROUP_CHANGED, detail=f"group {old_name} renamed to {group.name}")


async def get_group(session: AsyncSession, name: str) -> Group:
    """Return the group with this name, in any case. Raise NotFoundError if there is none."""
    group = await session.scalar(select(Group).where(func.lower(Group.name) == name.lower()))
    if group is None:
        raise NotFoundError(f"There is no group named {quoted(name)}.")
    return group


async def grant(session: AsyncSession, holder: User | Group, permissions: Collection[str]) -> None:
    """Grant permissions to a user or a group. Raise InvalidInputError for unknown ones."""
    await check_permissions(session, permissions)
    links, column = grants_of(holder)
    rows = [{column.name: holder.id, "permission_name": one} for one in sorted(set(permissions))]
    await _insert(session, links, rows)
    await record_grants(session, EventKind.PERMISSION_GRANTED, holder, permissions)


async def revoke(session: AsyncSession, holder: User | Group, permissions: Collection[str]) -> None:
    """Revoke permissions from a user or a group. Raise InvalidInputError for unknown ones."""
    await check_permissions(session, permissions)
    if not permissions:
        return
    links, column = grants_of(holder)
    await session.execute(delete(links).where(column == holder.id, links.c.permission_name.in_(permissions)))
    await record_grants(session, EventKind.PERMISSION_REVOKED, holder, permissions)


async def join_group(session: AsyncSession, user: User, group: Group) -> None:
    """Add a user to a group."""
    await _insert(session, users_groups, [{"user_id": user.id, "group_id": group.id}])
    await record(session, EventKind.GROUP_JOINED, user=user, detail=f"group {group.name}")


async def leave_group(session: AsyncSession, user: User, group: Group) -> None:
    """Remove a user from a group."""
    await session.execute(
        delete(users_groups).where(users_groups.c.user_id == user.id, users_groups.c.group_id == group.id)
    )
    await record(session, EventKind.GROUP_LEFT, user=user, detail=f"group {group.name}")


async def record_grants(
    session: AsyncSession, kind: EventKind, holder: User | Group, permissions: Collection[str]
) -> None:
    """Record that permissions were granted or revoked, in as many events as are needed to name them all."""
    names = sorted(permissions)
    for start in range(0, len(names), IN_ONE_EVENT):
        named = ", ".join(names[start : start + IN_ONE_EVENT])
        if isinstance(holder, User):
            await record(session, kind, user=holder, detail=named)
        else:
            await record(session, kind, detail=f"group {holder.name}: {named}")


async def check_permissions(session: AsyncSession, names: Collection[str], *, pointer: str = "/permissions") -> None:
    """Raise InvalidInputError, for the field at `pointer`, if a permission does not exist; suggest a similar one."""
    if not names:
        return
    known = set((await session.scalars(select(Permission.name).where(Permission.name.in_(names)))).all())
    missing = sorted(set(names) - known)
    if missing:
        existing = (await session.scalars(select(Permission.name))).all()
        near = get_close_matches(missing[0], existing, n=1)
        values = {"name": quoted(missing[0]), "near": near[0] if near else ""}
        detail = (
            gettext("There is no permission %(name)s; did you mean %(near)s?")
            if near
            else gettext("There is no permission %(name)s; `manage.py permissions` lists all.")
        ) % values
        raise InvalidInputError(detail, errors=[FieldError(pointer=pointer, detail=detail, type="unknown")])


def clean_group_name(name: str) -> str:
    """Return the normalized name. Raise InvalidInputError if it is invalid."""
    text = " ".join(name.split())
    if not 0 < len(text) <= MAXIMUM_GROUP or CONTROL.search(text):
        detail = gettext("A group's name has 1 to %(most)s characters, on one line.") % {"most": MAXIMUM_GROUP}
        raise InvalidInputError(detail, errors=[FieldError(pointer="/name", detail=detail, type="value_error")])
    return text


async def _save(session: AsyncSession, group: Group, name: str) -> Group:
    cleaned = clean_group_name(name)
    try:
        async with session.begin_nested():  # so that the session can still be used after a conflict
            group.name = cleaned
            session.add(group)
    except IntegrityError:
        detail = gettext("There is a group named %(name)s already.") % {"name": quoted(cleaned)}
        raise ConflictError(detail, errors=[FieldError(pointer="/name", detail=detail, type="unique")]) from None
    return group


async def _insert(session: AsyncSession, links: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert the links that are missing; concurrent inserts of the same link succeed."""
    if rows:
        # Both databases support ON CONFLICT DO NOTHING, but SQLAlchemy has a separate insert() for each.
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        await session.execute(insert(links).values(rows).on_conflict_do_nothing())
