"""Authenticate the user of a browser that has just returned from a provider."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.factors.second_step import VerifiedUser
from dovetail.contrib.auth.providers import connected, logins
from dovetail.contrib.auth.providers.models import ProviderLogin
from dovetail.contrib.auth.providers.registry import ProviderRegistry
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.errors import NotAuthenticatedError
from dovetail.translation.texts import gettext, in_english


async def prove_by_provider(
    session: AsyncSession, connection: HTTPConnection, registry: ProviderRegistry
) -> VerifiedUser:
    """Return the user of the login that this browser has brought back; it can be used only once.

    It counts as a second factor if the provider asked for one, as configured by the settings.

    Raise NotAuthenticatedError, which says what went wrong.
    """
    login = await logins.make_use(session, browser=registry.cookie.read(connection))
    if login is None:
        raise NotAuthenticatedError(gettext("No login at a provider waits in this browser; begin one."))
    provider = registry.provider(login.provider)
    try:
        user = await connected.user_of(session, login, provider)
    except NotAuthenticatedError as error:
        holder = await connected.find_holder(session, login.issuer, login.subject)
        why = in_english(error.detail)
        await record_failure(EventKind.LOGIN_FAILED, user=holder, detail=f"{_method(provider)}: {why}")
        raise
    return VerifiedUser(
        user=user, method=_method(provider), second_factor=login.second_factor, proved_at=_proved_at(login)
    )


def _method(provider: AnyProvider) -> str:
    return f"{provider.kind}:{provider.name}"


def _proved_at(login: ProviderLogin) -> datetime | None:
    """Return when the provider authenticated the user, which may be days ago; None (now) if it does not say."""
    return login.authenticated_at and min(datetime.now(UTC), login.authenticated_at)
