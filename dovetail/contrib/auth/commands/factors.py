"""`manage.py enrolmentlink` and `removefactors`, for users who lost their passkey or second factor."""

import click

from dovetail.contrib.auth.accounts.store import lock_user
from dovetail.contrib.auth.factors.changes import remove_factors_of
from dovetail.contrib.auth.factors.links import find_user, print_enrolment_link
from dovetail.plugin import Context, async_command


@click.command()
@click.argument("username")
@async_command
async def enrolmentlink(context: Context, username: str) -> None:
    """Print a link with which the user USERNAME (or with this e-mail address) can register one passkey."""
    await print_enrolment_link(context, username)


@click.command()
@click.argument("username")
@async_command
async def removefactors(context: Context, username: str) -> None:
    """Remove all second factors and passkeys of the user USERNAME (or with this e-mail address), who lost them."""
    async with context.database.unit_of_work() as session:
        found = await find_user(session, username)
        user = await lock_user(session, found.id)
        count = 0 if user is None else await remove_factors_of(session, user)
    click.echo(f"{count} second factor{'' if count == 1 else 's'} of {found.username} removed.")
