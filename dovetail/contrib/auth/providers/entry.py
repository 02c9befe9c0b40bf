"""Begin a session of our own for whoever has just come back from a provider."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.providers import connected, logins
from dovetail.contrib.auth.providers.desk import ProviderDesk
from dovetail.contrib.auth.providers.models import ProviderLogin
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.errors import NotAuthenticatedError


@dataclass(frozen=True, kw_only=True)
class Proven:
    """Proves that a user, whose row is locked, logged in at a provider."""

    user: User
    method: str  # for `log_in`: "oidc:google"
    has_second_factor: bool  # the provider asked for one, as the site's settings understand it
    proved_at: datetime  # which may be days ago


async def prove_by_provider(session: AsyncSession, connection: HTTPConnection, desk: ProviderDesk) -> Proven:
    """Return who came back from a provider to this browser; nobody can make use of it twice.

    Raise NotAuthenticatedError, which says what was wrong.
    """
    login = await logins.make_use(session, browser=desk.cookie.read(connection))
    if login is None:
        raise NotAuthenticatedError("No login at a provider waits in this browser; begin one.")
    provider = desk.provider(login.provider)
    try:
        user = await connected.user_of(session, login, provider)
    except NotAuthenticatedError as error:
        holder = await connected.find_holder(session, login.issuer, login.subject)
        await record_failure(EventKind.LOGIN_FAILED, user=holder, detail=f"{_method(provider)}: {error.detail}")
        raise
    return Proven(
        user=user,
        method=_method(provider),
        has_second_factor=login.second_factor,
        proved_at=_proved_at(login),
    )


def _method(provider: AnyProvider) -> str:
    return f"{provider.kind}:{provider.name}"


def _proved_at(login: ProviderLogin) -> datetime:
    """Return when the provider asked for proof: now, if it does not say."""
    now = datetime.now(UTC)
    return now if login.authenticated_at is None else min(now, login.authenticated_at)
