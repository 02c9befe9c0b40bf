"""What `manage.py check` says about auth."""

from collections.abc import Iterator

from project.checks import CheckMessage, Level
from project.contrib.auth.settings import AuthSettings
from project.plugin import Context


def check_email(context: Context) -> Iterator[CheckMessage]:
    """In production, e-mails that reach nobody or lead nowhere, and a server that gets our password in clear."""
    settings = context.plugin_settings["auth"]
    if context.settings.environment != "production" or not isinstance(settings, AuthSettings):
        return
    if settings.email_backend == "console":
        yield CheckMessage(
            id="auth.W001",
            level=Level.WARNING,
            message="E-mails are printed, not sent: nobody can reset a password or verify an address.",
            hint="set AUTH_EMAIL_BACKEND=smtp and AUTH_EMAIL_HOST",
        )
    elif settings.email_username and settings.email_security == "none":
        yield CheckMessage(
            id="auth.E001",
            level=Level.ERROR,
            message="The mail server would be sent its password in clear.",
            hint="set AUTH_EMAIL_SECURITY to starttls or tls",
        )
    if not settings.reset_password_url or not settings.verify_url:
        yield CheckMessage(
            id="auth.W002",
            level=Level.WARNING,
            message="E-mails quote a token that people cannot use without a page to enter it.",
            hint="set AUTH_RESET_PASSWORD_URL and AUTH_VERIFY_URL, e.g. https://example.org/verify?token={token}",
        )
