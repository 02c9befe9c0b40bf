"""Read the permissions of users: their own, and those of their groups."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Column, ColumnElement, Dialect, ScalarSelect, String, Table, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import Group, User, groups_permissions, users_groups, users_permissions

BETWEEN = literal_column("' '", String)  # a separator that no name contains


def permission_columns(dialect: Dialect) -> tuple[ScalarSelect[str], ScalarSelect[str]]:
    """Return two columns to add to a SELECT of User, whose values go to `User.remember_permissions`.

    For a user without permissions they cost two index lookups.
    """
    own = select(joined_names(dialect, users_permissions.c.permission_name)).where(
        users_permissions.c.user_id == User.id
    )
    by_groups = (
        select(joined_names(dialect, groups_permissions.c.permission_name))
        .join_from(users_groups, groups_permissions, users_groups.c.group_id == groups_permissions.c.group_id)
        .where(users_groups.c.user_id == User.id)
    )
    return own.correlate(User).scalar_subquery(), by_groups.correlate(User).scalar_subquery()


def joined_names(dialect: Dialect, column: ColumnElement[str]) -> ColumnElement[str]:
    """Return an aggregate that joins a column of names into one text, separated by spaces."""
    # SQLAlchemy's aggregate_strings passes the separator as a parameter; this one allows prepared statements.
    joined = func.group_concat if dialect.name == "sqlite" else func.string_agg
    return joined(column, BETWEEN)


async def load_permissions(session: AsyncSession, *users: User) -> None:
    """Load the permissions of these users for `User.permissions` and `User.has_perm`, by one statement."""
    by_id = {user.id: user for user in users}
    held = permission_columns(session.get_bind().dialect)
    rows = await session.execute(select(User.id, *held).where(User.id.in_(by_id)))
    for key, *texts in rows:
        by_id[key].remember_permissions(texts)


def grants_of(holder: User | Group) -> tuple[Table, Column[object]]:
    """Return the table of permissions granted to users, or to groups, and its column for the user or group."""
    if isinstance(holder, User):
        return users_permissions, users_permissions.c.user_id
    return groups_permissions, groups_permissions.c.group_id


async def groups_of(session: AsyncSession, user: User) -> Mapping[str, Sequence[str]]:
    """Return the groups of a user by name, with the permissions of each."""
    rows = await session.execute(
        select(Group.name, groups_permissions.c.permission_name)
        .join_from(users_groups, Group, users_groups.c.group_id == Group.id)
        .outerjoin(groups_permissions, groups_permissions.c.group_id == Group.id)
        .where(users_groups.c.user_id == user.id)
        .order_by(Group.name, groups_permissions.c.permission_name)
    )
    found: dict[str, list[str]] = {}
    for group, permission in rows:
        found.setdefault(group, []).extend([] if permission is None else [permission])
    return found


async def own_permissions(session: AsyncSession, holder: User | Group) -> Sequence[str]:
    """Return the names of the permissions granted to a user or a group directly."""
    links, column = grants_of(holder)
    rows = await session.scalars(
        select(links.c.permission_name).where(column == holder.id).order_by(links.c.permission_name)
    )
    return rows.all()
