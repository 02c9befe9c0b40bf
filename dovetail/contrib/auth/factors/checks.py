"""System checks of second factors and passkeys for production, run by `manage.py check --deploy`."""

from collections.abc import Iterator

from dovetail.contrib.auth.checks import settings_in_production
from dovetail.plugin import CheckMessage, Context, info, warning
from dovetail.validators import LOCALHOST


def check_requirement(context: Context) -> Iterator[CheckMessage]:
    """Report if staff can log in with a password alone."""
    settings = settings_in_production(context)
    if settings is not None and settings.require_second_factor == "none":
        yield warning(
            "auth.W020",
            "Staff need nothing but a password to log in: who finds one out may do what they may.",
            "set AUTH_REQUIRE_SECOND_FACTOR=staff",
        )


def check_passkeys(context: Context) -> Iterator[CheckMessage]:
    """Report if passkeys are not configured, or only for localhost."""
    settings = settings_in_production(context)
    if settings is None:
        return
    if not settings.passkey_rp_id:
        yield info(
            "auth.I020", "This site takes no passkeys.", "set AUTH_PASSKEY_RP_ID to its domain, e.g. example.org"
        )
    elif settings.passkey_rp_id == LOCALHOST:
        yield warning(
            "auth.W021",
            "Passkeys are made for localhost, where nobody but you finds the site.",
            "set AUTH_PASSKEY_RP_ID to its domain, e.g. example.org",
        )
