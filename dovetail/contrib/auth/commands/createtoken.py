"""`manage.py createtoken`."""

import re
from datetime import timedelta

import click
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.credential_changes import make_personal_token
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.users import get_user_by_login
from dovetail.errors import ConflictError, NotFoundError
from dovetail.plugin import Context, async_command

LIFETIME = re.compile(r"([1-9][0-9]{0,5})([dh])")
DEFAULT_LIFETIME = "90d"


@click.command()
@click.argument("username")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="What it is limited to; several times.")
@click.option("--unlimited", is_flag=True, help="Let it do all that the user may, instead of scopes.")
@click.option(
    "--expires", default=DEFAULT_LIFETIME, show_default=True, metavar="TIME", help="When it is over: 30d, or 12h."
)
@click.option("--name", default="createtoken", show_default=True, help="What it is for.")
@async_command
async def createtoken(
    context: Context, username: str, *, scopes: tuple[str, ...], unlimited: bool, expires: str, name: str
) -> None:
    """Create a personal token for the user USERNAME (or with this e-mail address), and print it once."""
    if unlimited == bool(scopes):
        raise click.UsageError("name what the token may do, --scope blog.add_post, or say --unlimited")
    lifetime = _read_lifetime(expires, AuthSettings.of(context.plugin_settings))
    async with context.database.unit_of_work() as session:
        user = await _active(session, username)
        made = await make_personal_token(session, user, name=name, scopes=scopes or None, lifetime=lifetime)
    click.echo(f"A token of {user.username}, until {made.row.expires_at:%Y-%m-%d %H:%M} UTC:", err=True)
    click.echo(made.token)  # the only line on standard output, for scripts


async def _active(session: AsyncSession, username: str) -> User:
    user = await get_user_by_login(session, username)
    if user is None:
        raise NotFoundError(f"There is no user {username!r}.")
    if not user.is_active:
        raise ConflictError(f"{user.username} is deactivated; a token would open nothing.")
    return user


def _read_lifetime(text: str, settings: AuthSettings) -> timedelta:
    found = LIFETIME.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no time, expected days or hours: 30d, 12h", param_hint="--expires")
    number, unit = int(found[1]), found[2]
    lifetime = timedelta(days=number) if unit == "d" else timedelta(hours=number)
    if lifetime > timedelta(days=settings.personal_token_days):
        raise click.BadParameter(
            f"{text} is longer than {settings.personal_token_days}d, AUTH_PERSONAL_TOKEN_DAYS", param_hint="--expires"
        )
    return lifetime
