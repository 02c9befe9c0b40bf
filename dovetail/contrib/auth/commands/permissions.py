"""`manage.py creategroup`, `grant`, `revoke` and `permissions`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import Group, Permission, User
from dovetail.contrib.auth.permissions import grants, held
from dovetail.contrib.auth.users import get_user_by_login, update_user
from dovetail.errors import ConflictError, NotFoundError
from dovetail.plugin import Context, async_command

GROUP = "group:"
FLAGS = ("staff", "superuser")


@click.command()
@click.argument("name")
@click.argument("permissions", nargs=-1)
@async_command
async def creategroup(context: Context, name: str, permissions: tuple[str, ...]) -> None:
    """Create the group NAME with PERMISSIONS: `creategroup editors blog.view_post blog.change_post`."""
    async with context.database.unit_of_work() as session:
        group = await grants.create_group(session, name, permissions)
    click.echo(f"The group {group.name} was made; it gives {_counted(permissions)}.")


@click.command()
@click.argument("holder")
@click.argument("things", nargs=-1, required=True)
@async_command
async def grant(context: Context, holder: str, things: tuple[str, ...]) -> None:
    """Give HOLDER, a user or `group:NAME`, what THINGS name: permissions, and for a user `group:NAME` or `staff`.

    \b
    manage.py grant group:editors blog.view_post blog.change_post
    manage.py grant eddie group:editors staff
    """
    await _change(context, holder, things, _Change(grants.grant, grants.join_group, value=True))
    click.echo(f"{holder} was given {', '.join(things)}.")


@click.command()
@click.argument("holder")
@click.argument("things", nargs=-1, required=True)
@async_command
async def revoke(context: Context, holder: str, things: tuple[str, ...]) -> None:
    """Revoke THINGS from HOLDER, a user or `group:NAME`, with the same arguments as `grant`."""
    await _change(context, holder, things, _Change(grants.revoke, grants.leave_group, value=False))
    click.echo(f"{', '.join(things)} was taken from {holder}.")


@click.command()
@click.argument("holder", required=False)
@click.option("--diff", "revision", metavar="REV", help="Tell which rows and fields roles gained or lost since REV.")
@click.option("--groups", is_flag=True, help="With --diff: tell it of the groups in the database, too.")
@click.option("--snapshot", is_flag=True, help="Write what the rules of this version say, as JSON.")
@async_command
async def permissions(
    context: Context, holder: str | None, revision: str | None, *, groups: bool, snapshot: bool
) -> None:
    """List the permissions of HOLDER, a user or `group:NAME`, and their origin; without HOLDER, list all permissions.

    With --diff, compare the rules with those of a git revision, and exit with 1 if they differ.
    """
    if snapshot or revision is not None:
        # Imported here, since listing permissions does not need it.
        from dovetail.contrib.auth.commands import rules

        if revision is None:
            rules.echo_snapshot(context)
        else:
            await rules.echo_differences(context, revision, with_groups=groups)
        return
    async with context.database.unit_of_work(read_only=True) as session:
        lines = await _lines(session, holder)
    for line in lines:
        click.echo(line)


@dataclass(frozen=True)
class _Change:
    """The functions that grant things, or those that revoke them."""

    permissions: Callable[[AsyncSession, User | Group, Sequence[str]], Awaitable[None]]
    membership: Callable[[AsyncSession, User, Group], Awaitable[None]]
    value: bool  # of a flag


async def _change(context: Context, name: str, things: Sequence[str], change: _Change) -> None:
    names = [thing for thing in things if thing not in FLAGS and not thing.startswith(GROUP)]
    groups = [thing.removeprefix(GROUP) for thing in things if thing.startswith(GROUP)]
    flags = [thing for thing in things if thing in FLAGS]
    async with context.database.unit_of_work() as session:
        holder = await _holder(session, name)
        if isinstance(holder, Group) and (groups or flags):
            raise ConflictError(f"A group holds permissions only; give {', '.join([*flags, *groups])} to users.")
        if names:
            await change.permissions(session, holder, names)
        if isinstance(holder, User):
            for group in groups:
                await change.membership(session, holder, await grants.get_group(session, group))
            if "staff" in flags:
                await update_user(session, holder, is_staff=change.value)
            if "superuser" in flags:
                await update_user(session, holder, is_superuser=change.value)


async def _holder(session: AsyncSession, name: str) -> User | Group:
    if name.startswith(GROUP):
        return await grants.get_group(session, name.removeprefix(GROUP))
    user = await get_user_by_login(session, name)
    if user is None:
        raise NotFoundError(f"There is no user {name!r}; a group is called {GROUP}NAME.")
    return user


async def _lines(session: AsyncSession, name: str | None) -> list[str]:
    if name is None:
        rows = await session.execute(select(Permission.name, Permission.title).order_by(Permission.name))
        return [f"{permission}  {title}" for permission, title in rows]
    holder = await _holder(session, name)
    lines = [f"{permission}  granted to {name}" for permission in await held.own_permissions(session, holder)]
    if isinstance(holder, User):
        for group, names in (await held.groups_of(session, holder)).items():
            lines += [f"{permission}  by the group {group}" for permission in names]
        lines = [*_status(holder), *sorted(lines)]
    return lines or [f"{name} is permitted nothing."]


def _status(user: User) -> list[str]:
    known = {"is deactivated: nothing below counts": not user.is_active, "is staff": user.is_staff}
    known["is a superuser, who may do everything"] = user.is_superuser
    return [f"{user.username} {words}." for words, holds in known.items() if holds]


def _counted(permissions: Sequence[str]) -> str:
    return f"{len(permissions)} permission{'' if len(permissions) == 1 else 's'}"
