"""State shared by the back offices of an application: the logged-in user, and their share of the connection pool."""

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.principal import VISITOR_AUTHENTICATOR
from dovetail.contrib.admin.entry.sessions import get_user
from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.admin.web.cookies import COOKIES, Cookies
from dovetail.contrib.admin.web.csrf import is_session_token, make_session_token
from dovetail.contrib.auth.credentials.browser_sessions import BROWSER_SESSIONS, BrowserSessions
from dovetail.contrib.auth.factors.requirement import lacks_factor
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.use import remember_use
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.pool_share import PoolShare
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context
from dovetail.translation.catalogs import Languages, locale_folders


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The state that all sites of an application share."""

    settings: AdminSettings
    cookies: Cookies
    database: PoolShare
    long_work: asyncio.Semaphore  # limits long work on connections of the share: one is left for other pages
    languages: Languages
    zone: ZoneInfo  # for users who have not chosen one

    @classmethod
    def of(cls, context: Context) -> "Shared":
        """Return the shared state of an application. Raise ConfigurationError if the plugin's settings are missing."""
        settings, own = context.settings, context.plugin_settings["admin"]
        if not isinstance(own, AdminSettings):
            raise ConfigurationError("The plugin 'admin' has no AdminSettings.")
        secure = own.secure_cookies
        connections = max(int((settings.database_pool_size + settings.database_max_overflow) * own.pool_share), 1)
        return cls(
            settings=own,
            cookies=Cookies(settings.secret_key, secure=True if secure is None and not settings.debug else secure),
            database=PoolShare(
                context.database,
                connections=connections,
                statement_timeout=own.statement_timeout,
                patience=settings.database_pool_timeout,
            ),
            long_work=asyncio.Semaphore(max(connections - 1, 1)),
            languages=Languages.load(
                settings.languages, settings.language_code, locale_folders(settings.base_dir, settings.plugins)
            ),
            zone=ZoneInfo(settings.time_zone),
        )


def identify_visitors(app: FastAPI, context: Context, cookies: Cookies) -> None:
    """Identify users of the back office on other pages of the application, such as its API documentation."""

    async def authenticate(connection: HTTPConnection, session: AsyncSession) -> User | None:
        key = connection.cookies.get(cookies.session)
        user = await get_user(session, key) if key else None
        remember_use(app, None if user is None else session_of(user))
        # This session is outside of the pool, and has no settings.
        settings = AuthSettings.of(context.plugin_settings)
        return None if user is None or lacks_factor(user, settings) else user

    COOKIES.set(app, cookies)
    VISITOR_AUTHENTICATOR.set(app, authenticate)
    BROWSER_SESSIONS.set(app, _browser_sessions(cookies, context.settings.secret_key))


def _browser_sessions(cookies: Cookies, secret_key: SecretStr) -> BrowserSessions:
    return BrowserSessions(
        cookie=lambda: cookies.session,
        csrf_token=lambda user, session: make_session_token(secret_key, user, session),
        is_csrf_token=lambda given, user, session: is_session_token(given, secret_key, user, session),
    )
