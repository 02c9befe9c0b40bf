"""Warn of settings of the back office that are wrong in production."""

from collections.abc import Iterator

from dovetail.contrib.admin.settings import AdminSettings
from dovetail.plugin import CheckMessage, Context, warning

DAY = 86_400  # seconds
LONGEST_SESSION = 7 * DAY
LONGEST_STATEMENT = 60  # seconds


def check_sessions(context: Context) -> Iterator[CheckMessage]:
    """Find cookies that are sent unencrypted, and sessions that last for too long."""
    settings = context.plugin_settings["admin"]
    if not isinstance(settings, AdminSettings) or context.settings.debug:
        return
    if settings.secure_cookies is False:
        yield warning(
            "admin.W001",
            "ADMIN_SECURE_COOKIES is off in production: session cookies are sent unencrypted.",
            "Serve the site over HTTPS and remove the variable.",
        )
    if settings.session_lifetime > LONGEST_SESSION:
        yield warning(
            "admin.W002",
            f"ADMIN_SESSION_LIFETIME is {settings.session_lifetime // DAY:,} days: a browser that is left open stays "
            "logged in for that long.",
            f"set ADMIN_SESSION_LIFETIME to {LONGEST_SESSION} (seconds) or less",
        )

    if settings.session_idle_seconds > DAY:
        yield warning(
            "admin.W006",
            f"ADMIN_SESSION_IDLE_SECONDS is {settings.session_idle_seconds // DAY:,} days: whoever finds a browser "
            "that was left open is let in.",
            f"set ADMIN_SESSION_IDLE_SECONDS to {DAY} or less",
        )


def check_pool(context: Context) -> Iterator[CheckMessage]:
    """Find settings that let the back office take the connections that the API needs."""
    settings = context.plugin_settings["admin"]
    if not isinstance(settings, AdminSettings) or context.settings.debug:
        return
    if settings.pool_share == 1:
        yield warning(
            "admin.W003",
            "ADMIN_POOL_SHARE is 1: slow pages of the back office may take every connection from the API.",
            "set ADMIN_POOL_SHARE=0.5",
        )
    if settings.statement_timeout > LONGEST_STATEMENT:
        yield warning(
            "admin.W004",
            f"ADMIN_STATEMENT_TIMEOUT is {settings.statement_timeout:g} seconds: a page holds a connection for that "
            "long, though nobody waits for it any more.",
            f"set ADMIN_STATEMENT_TIMEOUT to {LONGEST_STATEMENT} or less",
        )
