"""`manage.py why` and `rls`, and the comparison of rules by `permissions`."""

import json
from collections.abc import Iterable, Mapping, Sequence

import click
from sqlalchemy import select

from dovetail.contrib.auth.models import Group, User, groups_permissions
from dovetail.contrib.auth.permissions.held import load_permissions
from dovetail.contrib.auth.rules.asking import PermissionQuestion
from dovetail.contrib.auth.rules.asking import why as explain_why
from dovetail.contrib.auth.rules.difference import Difference, differences, roles_of
from dovetail.contrib.auth.rules.model_policies import find_model_policy, model_policies
from dovetail.contrib.auth.rules.row_changes import check_database, conditions_of, row_changes
from dovetail.contrib.auth.rules.row_security import security_statements
from dovetail.contrib.auth.rules.snapshot import take_snapshot
from dovetail.contrib.auth.rules.versions import snapshot_of_revision
from dovetail.contrib.auth.users import get_user_by_login
from dovetail.errors import InvalidInputError, NotFoundError
from dovetail.plugin import Context, async_command

ANYBODY = "@anybody"  # no username begins with @


@click.command()
@click.argument("user")
@click.argument("action")
@click.argument("model")
@click.argument("key", nargs=-1)
@async_command
async def why(context: Context, user: str, action: str, model: str, key: tuple[str, ...]) -> None:
    """Explain why USER may or may not do ACTION to rows of MODEL, or to the row with this KEY.

    \b
    manage.py why eddie change blog.post 3
    manage.py why @anybody view blog.post

    @anybody is an anonymous user. The output has the deciding rule, its SQL, and the smallest grant that changes it.
    """
    model_policy = find_model_policy(context, model)
    async with context.database.unit_of_work(read_only=True) as session:
        found: User | None = None
        if user != ANYBODY:
            found = await get_user_by_login(session, user)
            if found is None:
                raise NotFoundError(f"There is no user {user!r}; somebody unknown is called {ANYBODY}.")
            await load_permissions(session, found)
        lines = await explain_why(session, PermissionQuestion(found, action, model_policy, key))
    for line in lines:
        click.echo(line)


@click.command()
@click.option("--sql", is_flag=True, help="Write the statements, to be read and run by whoever owns the tables.")
@async_command
async def rls(context: Context, *, sql: bool) -> None:
    """Write every policy as PostgreSQL's row-level security, to protect the tables from other programs that read them.

    \b
    manage.py rls --sql | psql ...
    SET dovetail.user_id = '7'   -- in the session of a role that does not own the tables
    """
    if not sql:
        raise InvalidInputError("The statements are only written, never run: say --sql and give them to psql.")
    quiet = "SET LOCAL client_min_messages = warning"  # no notices about policies that do not exist yet
    for statement in ("BEGIN", quiet, *security_statements(model_policies(context)), "COMMIT"):
        click.echo(f"{statement};")


def echo_snapshot(context: Context) -> None:
    """Print the conditions of all rules of this version, as JSON."""
    click.echo(json.dumps(take_snapshot(model_policies(context)), indent=1))


async def echo_differences(context: Context, revision: str, *, with_groups: bool) -> None:
    """Print which rows and fields each role gained or lost since a revision; exit with 1 if there are any.

    The rows are those of the configured database; if it cannot be used, only the conditions are printed.
    """
    before = snapshot_of_revision(context.settings.base_dir, revision)
    after = take_snapshot(model_policies(context))
    groups = await _groups(context) if with_groups else {}
    found = list(differences(before, after, roles_of(before, after, groups=groups)))
    if not found:
        click.echo(f"Nobody gained or lost anything since {revision}.")
        return
    try:
        await check_database(context.database)
    except InvalidInputError as error:
        for one in found:
            click.echo(str(one))
        click.echo(f"These are conditions alone, without rows: the database cannot be asked, {error.detail}")
    else:
        await _echo_with_rows(context, found)
    raise click.exceptions.Exit(1)


async def _echo_with_rows(context: Context, found: Iterable[Difference]) -> None:
    models = {one.label: one.model for one in model_policies(context)}
    dialect = context.database.engine.dialect.name
    for one in found:
        click.echo(str(one))
        model = models.get(one.model)
        runnable = None if model is None else conditions_of(one, model, dialect)
        for line in [] if runnable is None else await row_changes(context.database, runnable):
            click.echo(f"  {line}")


async def _groups(context: Context) -> Mapping[str, Sequence[str]]:
    """Return the permissions of every group, by the name of the group."""
    given = groups_permissions
    async with context.database.unit_of_work(read_only=True) as session:
        rows = await session.execute(
            select(Group.name, given.c.permission_name).outerjoin(given, given.c.group_id == Group.id)
        )
    found: dict[str, list[str]] = {}
    for group, permission in rows:
        found.setdefault(group, []).extend([] if permission is None else [permission])
    return found
