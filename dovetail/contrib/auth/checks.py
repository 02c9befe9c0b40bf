"""System checks of auth for production, run by `manage.py check`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import ConfigurationError, InvalidInputError
from dovetail.plugin import CheckMessage, Context, error, info, warning
from dovetail.settings import load_plugin_settings
from dovetail.validators import is_local

DAY = 86_400  # seconds
LONGEST_LOGIN = 90 * DAY
LONGEST_IDLE = 30 * DAY
LONGEST_PROOF = 3600
LONGEST_RESET = DAY
LONGEST_VERIFICATION = 7 * DAY
LONGEST_WAIT = 60  # seconds for a mail server
LINK = "e.g. https://example.org/verify?token={token}"


class SuperuserEnvironment(BaseModel):
    """The environment variables that `createsuperuser --noinput` reads, if they are set."""

    username: str = ""
    email: str = ""
    password: SecretStr = SecretStr("")


def check_email(context: Context) -> Iterator[CheckMessage]:
    """Report settings by which e-mails are not sent, lead to a wrong page, or can be read in transit."""
    settings = settings_in_production(context)
    if settings is None:
        return
    if settings.email_backend == "console":
        yield warning(
            "auth.W001",
            "E-mails are printed, not sent: nobody can reset a password or verify an address.",
            "set AUTH_EMAIL_BACKEND=smtp and AUTH_EMAIL_HOST",
        )
    else:
        yield from _check_server(settings)
    yield from _check_links(settings)


def check_lifetimes(context: Context) -> Iterator[CheckMessage]:
    """Report lifetimes of tokens that are dangerously long."""
    settings = settings_in_production(context)
    if settings is None:
        return
    for code, name, seconds, longest, what in (
        ("auth.W005", "AUTH_TOKEN_LIFETIME", settings.token_lifetime, LONGEST_LOGIN, "a login"),
        ("auth.W006", "AUTH_RESET_TOKEN_LIFETIME", settings.reset_token_lifetime, LONGEST_RESET, "a password reset"),
        ("auth.W007", "AUTH_VERIFY_TOKEN_LIFETIME", settings.verify_token_lifetime, LONGEST_VERIFICATION, "a proof"),
    ):
        if seconds > longest:
            yield warning(
                code,
                f"{name} is {seconds // DAY:,} days: whoever finds the token of {what} can use it for that long.",
                f"set {name} to {longest} (seconds) or less",
            )


def check_sessions(context: Context) -> Iterator[CheckMessage]:
    """Report lifetimes of sessions and recent proofs that are dangerously long."""
    settings = settings_in_production(context)
    if settings is None:
        return
    if settings.session_idle_seconds > LONGEST_IDLE:
        yield warning(
            "auth.W016",
            f"AUTH_SESSION_IDLE_SECONDS is {settings.session_idle_seconds // DAY:,} days: a token that is lost with "
            "somebody's old phone works for that long.",
            f"set AUTH_SESSION_IDLE_SECONDS to {LONGEST_IDLE} or less",
        )
    if settings.proof_seconds > LONGEST_PROOF:
        yield warning(
            "auth.W017",
            f"AUTH_PROOF_SECONDS is {settings.proof_seconds // 60:,} minutes: whoever finds an open browser can take "
            "the account for that long after its owner logged in.",
            f"set AUTH_PROOF_SECONDS to {LONGEST_PROOF} or less",
        )


def check_registration(context: Context) -> Iterator[CheckMessage]:
    """Report that anybody may create an account."""
    settings = settings_in_production(context)
    if settings is not None and settings.registration_open:
        yield info(
            "auth.I001", "Anybody may make an account.", "set AUTH_REGISTRATION_OPEN=false if that is not what you want"
        )


def check_superuser(context: Context) -> Iterator[CheckMessage]:
    """Report a weak password in the environment variables of `createsuperuser`."""
    if settings_in_production(context) is None:
        return
    # Imported here, since it is only needed if the variable is set.
    from dovetail.contrib.auth.accounts.password_validation import check_password

    try:
        settings = context.settings
        given = load_plugin_settings(SuperuserEnvironment, "SUPERUSER_", settings.base_dir, settings.dotenv_files())
    except ConfigurationError:  # in other variables; `createsuperuser` reports them
        return
    if password := given.password.get_secret_value():
        try:
            check_password(password, username=given.username, email=given.email, context=context)
        except InvalidInputError as found:
            yield warning(
                "auth.W011",
                f"SUPERUSER_PASSWORD can be guessed: {found.detail}",
                "set a random one; if a superuser has it already, run `manage.py changepassword`",
            )


def settings_in_production(context: Context) -> AuthSettings | None:
    """Return the settings of auth in production; None in other environments."""
    settings = context.plugin_settings["auth"]
    in_production = context.settings.environment == "production"
    return settings if in_production and isinstance(settings, AuthSettings) else None


def _check_server(settings: AuthSettings) -> Iterator[CheckMessage]:
    if settings.email_security == "none" and not is_local(settings.email_host):
        if settings.email_username:
            yield error(
                "auth.E001",
                "The password of the mail server would be sent unencrypted.",
                "set AUTH_EMAIL_SECURITY to starttls or tls",
            )
        else:
            yield warning(
                "auth.W004",
                "E-mails are sent unencrypted to another machine, and the tokens in them give access to accounts.",
                "set AUTH_EMAIL_SECURITY to starttls or tls",
            )
    if settings.email_username and not settings.email_password.get_secret_value():
        yield error(
            "auth.E002",
            "AUTH_EMAIL_USERNAME is set, and AUTH_EMAIL_PASSWORD is not.",
            "set AUTH_EMAIL_PASSWORD, or leave both out",
        )
    if is_local(settings.email_from.rpartition("@")[2].strip("> ")):
        yield warning(
            "auth.W008",
            f"E-mails come from {settings.email_from}, which other mail servers refuse.",
            "set AUTH_EMAIL_FROM to an address of your domain, e.g. noreply@example.org",
        )
    if settings.email_timeout > LONGEST_WAIT:
        yield warning(
            "auth.W010",
            f"AUTH_EMAIL_TIMEOUT is {settings.email_timeout} seconds: a mail server that is silent holds every other "
            "message up for that long.",
            f"set AUTH_EMAIL_TIMEOUT to {LONGEST_WAIT} or less",
        )


def _check_links(settings: AuthSettings) -> Iterator[CheckMessage]:
    links = {"AUTH_RESET_PASSWORD_URL": settings.reset_password_url, "AUTH_VERIFY_URL": settings.verify_url}
    if not all(links.values()):
        yield warning(
            "auth.W002",
            "E-mails quote a token that people cannot use without a page to enter it.",
            f"set AUTH_RESET_PASSWORD_URL and AUTH_VERIFY_URL, {LINK}",
        )
    for name, url in links.items():
        parts = urlsplit(url)
        if url and is_local(parts.hostname):
            yield warning(
                "auth.W009",
                f"{name} leads to the machine of whoever reads the e-mail.",
                f"name the site's page, {LINK}",
            )
        elif url and parts.scheme != "https":
            yield warning(
                "auth.W003",
                f"{name} is no https:// address: the token is sent unencrypted, and it gives access to an account.",
                f"serve the page over HTTPS, {LINK}",
            )
