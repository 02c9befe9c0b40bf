"""System checks of logins at providers, run by `manage.py check`."""

from collections.abc import Iterator

from dovetail.contrib.auth.checks import settings_in_production
from dovetail.contrib.auth.setting_types.providers import AnyProvider, OidcProvider
from dovetail.plugin import CheckMessage, Context, error, warning


def check_providers(context: Context) -> Iterator[CheckMessage]:
    """Report providers in production that are contacted without TLS, or not asked for an e-mail address."""
    settings = settings_in_production(context)
    if settings is not None:
        for provider in settings.providers:
            yield from _check(provider)


def _check(provider: AnyProvider) -> Iterator[CheckMessage]:
    if clear := [address for address in provider.addresses if not address.startswith("https://")]:
        yield error(
            "auth.E030",
            f"The provider {provider.name} in AUTH_PROVIDERS is contacted unencrypted, at {clear[0]}: whoever "
            "intercepts its answers can log in as anybody.",
            "name an https:// address",
        )
    if isinstance(provider, OidcProvider) and "email" not in provider.scopes:
        yield warning(
            "auth.W030",
            f"The provider {provider.name} in AUTH_PROVIDERS is not asked for an address, and without one that it "
            "vouches for nobody can connect an account.",
            "add email to its scopes",
        )
