"""System checks of the back office."""

from collections.abc import Iterable

from project.checks import CheckMessage, Level
from project.contrib.admin.settings import AdminSettings
from project.plugin import Context


def check_cookies(context: Context) -> Iterable[CheckMessage]:
    """Warn where sessions of the back office travel in the clear."""
    settings = context.plugin_settings["admin"]
    if isinstance(settings, AdminSettings) and settings.secure_cookies is False and not context.settings.debug:
        yield CheckMessage(
            id="admin.W001",
            level=Level.WARNING,
            message="ADMIN_SECURE_COOKIES is off in production: a session can be taken over on the way.",
            hint="Serve the site over HTTPS and remove the variable.",
        )
