"""Dependencies of auth's endpoints, and the setup that stores their services in the application."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from fastapi import Depends, FastAPI, Request
from fastapi.params import Depends as DependsParam
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.credentials import CREDENTIAL_SCHEMES
from dovetail.api.principal import AUTHENTICATOR
from dovetail.api.problems import ON_REFUSAL
from dovetail.api.throttling.rates import Rate, network_of
from dovetail.api.throttling.throttled import throttle
from dovetail.contrib.auth.access import authenticate_request
from dovetail.contrib.auth.credentials.documented import describe, headers_of
from dovetail.contrib.auth.credentials.reading import CREDENTIALS, CredentialReader
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import note_failure
from dovetail.contrib.auth.events.recorder import RECORDER, Recorder
from dovetail.contrib.auth.mail.backends import EMAIL_SENDER, make_sender
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER, MailDispatcher
from dovetail.contrib.auth.mail.languages import MailLanguages
from dovetail.contrib.auth.providers.registry import PROVIDERS, make_provider_registry
from dovetail.contrib.auth.sessions.current import CurrentSession
from dovetail.contrib.auth.sessions.use import USE_LOGS, UseLog, note_use
from dovetail.contrib.auth.setting_types.schemes import read_schemes
from dovetail.contrib.auth.settings import AUTH_SETTINGS, AuthSettings
from dovetail.contrib.auth.tokens.current import CurrentToken, note_token_use
from dovetail.database.session import SessionDep
from dovetail.errors import ConfigurationError
from dovetail.middleware.cache_control import CREDENTIAL_HEADERS
from dovetail.plugin import Context
from dovetail.settings import Settings

if TYPE_CHECKING:
    from dovetail.contrib.auth.manager import UserManager


def setup(app: FastAPI, context: Context) -> None:
    """Register authentication with the kernel, and store the services of auth in the application's state."""
    settings = AuthSettings.of(context.plugin_settings)
    AUTH_SETTINGS.set(app, settings)
    AUTHENTICATOR.set(app, authenticate_request)
    RECORDER.set(app, Recorder(context.database))
    ON_REFUSAL.set(app, _note_refusal)
    PROVIDERS.set(app, make_provider_registry(settings, context.database, context.settings))
    EMAIL_SENDER.set(app, make_sender(settings, debug=context.settings.debug))
    find_settings, sender = partial(AUTH_SETTINGS.get, app), partial(EMAIL_SENDER.get, app)
    MAIL_DISPATCHER.set(app, MailDispatcher(context.database, find_settings, sender, MailLanguages(context.settings)))
    USE_LOGS.set(
        app,
        {
            CurrentSession: UseLog(context.database, note_use),
            CurrentToken: UseLog(context.database, note_token_use),
        },
    )
    _set_schemes(app, settings, context.settings)


async def _get_auth_settings(connection: HTTPConnection) -> AuthSettings:
    return AUTH_SETTINGS.get(connection.app)


AuthSettingsDep = Annotated[AuthSettings, Depends(_get_auth_settings)]


def limited(name: Literal["register", "reset", "verify", "token"]) -> DependsParam:
    """Return a dependency that limits requests of a network by AUTH_THROTTLE_<NAME>; add THROTTLED to `responses`."""

    async def count(request: Request, settings: AuthSettingsDep) -> None:
        rates: tuple[Rate, ...] = getattr(settings, f"throttle_{name}")
        await throttle(request, rates, network_of(request), name=name)

    return DependsParam(count)


def make_manager(session: AsyncSession, settings: AuthSettings) -> "UserManager":
    """Return a UserManager that works in the transaction of `session`."""
    # Imported here: fastapi-users imports a library for JSON web tokens, which costs ten megabytes and 5 % of the
    # startup time, and only requests that create accounts or change passwords need it.
    from dovetail.contrib.auth.manager import UserManager

    return UserManager(session, settings)


async def get_user_manager(session: SessionDep, settings: AuthSettingsDep) -> object:
    """Return a UserManager that works in the transaction of this request."""
    return make_manager(session, settings)


def _set_schemes(app: FastAPI, settings: AuthSettings, site: Settings) -> None:
    reader = CredentialReader(read_schemes(settings.schemes), settings.api_key_header, settings.refresh_tokens)
    headers = headers_of(reader)
    CREDENTIALS.set(app, reader)
    CREDENTIAL_SCHEMES.set(app, describe(app, reader))
    CREDENTIAL_HEADERS.set(app, headers)
    allowed = {name.lower().encode() for name in site.cors_allowed_headers}
    missing = sorted(headers.own - allowed)
    if site.cors_allowed_origins and missing:
        raise ConfigurationError(
            f"AUTH_SCHEMES takes credentials in {missing[0].decode()}, which pages of other origins may not send; "
            "add it to CORS_ALLOWED_HEADERS"
        )


def _note_refusal(connection: HTTPConnection, reason: str) -> None:
    place = f"{connection.scope.get('method', '')} {connection.scope['path']}"  # as the access log has it
    note_failure(EventKind.ACCESS_DENIED, detail=reason, place=place.strip())


if TYPE_CHECKING:
    UserManagerDep: TypeAlias = UserManager
else:
    UserManagerDep = Annotated[object, Depends(get_user_manager)]
