"""Carry out a login at a provider, for the API and the back office.

It has three steps, each in a transaction of its own; none is open while the provider is contacted. `start` redirects
the browser, `handle_callback` asks the provider for the user, and `connected.py` uses the result for that user.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from dovetail.api.throttling.rates import LIMITER, Charge, Rate, network_of, take_or_refuse
from dovetail.contrib.auth.providers import logins
from dovetail.contrib.auth.providers.browser import BrowserCookie
from dovetail.contrib.auth.providers.identity import ProviderError, ProviderIdentity
from dovetail.contrib.auth.providers.logins import secrets_of
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConfigurationError, NotFoundError, UnavailableError
from dovetail.settings import Settings
from dovetail.state import HasState, StateKey
from dovetail.translation.texts import gettext

if TYPE_CHECKING:
    from dovetail.contrib.auth.providers.documents import Documents

logger = logging.getLogger("dovetail.auth")
LIBRARIES = ("authlib", "httpx2", "joserfc")


@dataclass
class ProviderRegistry:
    """The providers of an application, and everything needed for a login at one of them."""

    providers: tuple[AnyProvider, ...]
    database: Database
    secret_key: SecretStr
    cookie: BrowserCookie
    rates: tuple[Rate, ...]  # limits for all kinds of logins from one network

    def provider(self, name: str) -> AnyProvider:
        """Return the provider with this name. Raise NotFoundError if there is none."""
        for provider in self.providers:
            if provider.name == name:
                return provider
        raise NotFoundError(
            gettext("There is no provider %(name)s here; GET /auth/providers lists them.") % {"name": repr(name[:30])}
        )

    @cached_property
    def documents(self) -> "Documents":
        """Return the cache of provider metadata."""
        # Imported here and below, since the OAuth libraries are slow to import and most sites do not need them.
        from dovetail.contrib.auth.providers.documents import Documents

        return Documents()

    async def count(self, app: HasState, connection: HTTPConnection) -> None:
        """Count a login that begins, towards the limits of this network. Raise TooManyRequestsError."""
        network = network_of(connection)
        await take_or_refuse(LIMITER.get(app), [Charge("login-network", network, rate) for rate in self.rates])

    async def start(
        self, provider: AnyProvider, *, browser: str, next_page: str, redirect_uri: str, again: bool = False
    ) -> str:
        """Return the provider's URL to which the browser with the key `browser` is redirected.

        With `again`, the provider is asked to authenticate the user again. Raise UnavailableError if the provider does
        not answer.
        """
        from dovetail.contrib.auth.providers.exchange import authorization_url

        try:
            await self.documents.endpoints(provider)  # before a row is inserted
            async with self.database.unit_of_work() as session:
                state = await logins.begin(session, provider, browser=browser, next_page=next_page)
            secrets = secrets_of(state, self.secret_key)
            return await authorization_url(self.documents, provider, secrets, redirect_uri=redirect_uri, again=again)
        except ProviderError as error:
            raise UnavailableError(_explain(provider, error), retry_after=30) from None

    async def handle_callback(
        self, provider: AnyProvider, answer: Mapping[str, str], *, browser: str, redirect_uri: str
    ) -> str:
        """Ask the provider for the user, store the result for the browser, and return the page to continue with.

        `answer` are the parameters of the callback. A failure at the provider is stored, too, so that the page can show
        it. Raise BadRequestError for a state that is not this browser's or no longer valid.
        """
        from dovetail.contrib.auth.providers.exchange import fetch_identity

        async with self.database.unit_of_work() as session:
            login = await logins.take_back(session, provider, state=answer.get("state", ""), browser=browser)
        secrets = secrets_of(answer["state"], self.secret_key)
        identity: ProviderIdentity | None = None
        failure = ""
        try:
            identity = await fetch_identity(self.documents, provider, answer, secrets, redirect_uri=redirect_uri)
        except ProviderError as error:
            failure = _explain(provider, error)
        async with self.database.unit_of_work() as session:
            if identity is None:
                await logins.note_failure(session, login.id, failure)
            else:
                await logins.store_identity(session, login.id, identity)
        return login.next


PROVIDERS = StateKey[ProviderRegistry]("login_providers", "name a provider in AUTH_PROVIDERS")


def make_provider_registry(auth: AuthSettings, database: Database, settings: Settings) -> ProviderRegistry:
    """Return the ProviderRegistry for the providers in `auth`.

    Raise ConfigurationError if a library that they need is not installed.
    """
    providers = auth.providers
    if providers and (missing := [name for name in LIBRARIES if find_spec(name) is None]):
        raise ConfigurationError(
            f"AUTH_PROVIDERS names {providers[0].name}, which takes {missing[0]}: pip install 'dovetail[providers]'"
        )
    cookie = BrowserCookie(settings.secret_key, secure=not settings.debug)
    return ProviderRegistry(
        providers=providers,
        database=database,
        secret_key=settings.secret_key,
        cookie=cookie,
        rates=auth.throttle_login_network,
    )


def _explain(provider: AnyProvider, error: ProviderError) -> str:
    logger.warning("The login at %s failed: %s", provider.name, error)
    return error.user_message or gettext("The login at %(label)s did not work. Try again, or log in another way.") % {
        "label": provider.label
    }
