"""Enrolment links, which commands print: a link lets its user register one passkey within an hour."""

from pkgutil import resolve_name

import click
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.challenges import ENROLMENT_LIFETIME, make_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose
from dovetail.contrib.auth.factors.passkeys.relying_party import relying_party
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.users import get_user_by_login
from dovetail.errors import ConfigurationError, ConflictError, NotFoundError
from dovetail.plugin import Context


def check_can_enrol(context: Context) -> str:
    """Return the URL of the enrolment page.

    Raise ConfigurationError if there is none, or if passkeys are not configured.
    """
    # Imported here, since most commands do not need Starlette.
    from starlette.routing import NoMatchFound

    application = resolve_name(context.settings.application_factory)(context.settings)  # to find the page's URL
    try:
        path = application.url_path_for("admin:enrol")
    except NoMatchFound:
        raise ConfigurationError("A passkey is registered in the back office, and this site has none.") from None
    try:
        party = relying_party(context, None)
    except NotFoundError as error:
        raise ConfigurationError(error.detail) from None
    pages = [origin for origin in party.origins if "://" in origin]
    if not pages:
        raise ConfigurationError("AUTH_PASSKEY_ORIGINS names no page at which a passkey could be registered.")
    return f"{pages[0]}{path}"


async def print_enrolment_link(context: Context, name: str) -> None:
    """Print the link for the user with this name or address. Raise NotFoundError, ConflictError, ConfigurationError."""
    page = check_can_enrol(context)
    async with context.database.unit_of_work() as session:
        user = await find_user(session, name)
        if not (user.is_active and user.is_staff):
            raise ConflictError(f"{user.username} is no active staff, and has nothing to do in the back office.")
        token = await make_challenge(session, ChallengePurpose.ENROL, user.id, lifetime=ENROLMENT_LIFETIME)
    click.echo("Register a passkey with this link. It works once, within an hour, and is stored nowhere:")
    click.echo(f"  {page}?token={token}")


async def find_user(session: AsyncSession, name: str) -> User:
    """Return the user with this name or address. Raise NotFoundError if there is none."""
    user = await get_user_by_login(session, name)
    if user is None:
        raise NotFoundError(f"There is no user {name!r}.")
    return user
