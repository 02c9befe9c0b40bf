"""`manage.py unlock`."""

from ipaddress import ip_address

import click

from dovetail.api.throttling.rates import network
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.origin import account_ref_of
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.limits.attempts import account_key
from dovetail.contrib.auth.users import get_user_by_login, normalize_login
from dovetail.contrib.throttling.limiter import make_limiter
from dovetail.plugin import Context, async_command


@click.command()
@click.argument("name", metavar="USER|ADDRESS")
@async_command
async def unlock(context: Context, name: str) -> None:
    """Reset the counts of failed attempts for a user (name or e-mail address) or for an IP address."""
    key = network(name) if is_address(name) else await _account(context, name)
    limiter = make_limiter(context)
    try:
        found = sum([await limiter.forget("", part) for part in (f"|{key}|", f"|{key}@", f"@{key}|")])
    finally:
        await limiter.aclose()
    click.echo(f"{found} count{'' if found == 1 else 's'} of {name} forgotten.")


def is_address(text: str) -> bool:
    """Return whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


async def _account(context: Context, name: str) -> str:
    async with context.database.unit_of_work() as session:
        user = await get_user_by_login(session, name)
        if user is not None:
            await record(session, EventKind.UNLOCKED, user=user, detail="by a command")
        return account_key(account_ref_of(user), normalize_login(name), context.settings.secret_key)
