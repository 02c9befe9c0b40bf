"""The site as a WebAuthn relying party: a passkey is bound to its RP ID, a domain, and works only on pages of it.

(WebAuthn Level 3, section 5.1.3; https://www.w3.org/TR/webauthn-3/)
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import NotFoundError
from dovetail.plugin import Context
from dovetail.translation.texts import gettext
from dovetail.validators import LOCALHOST

if TYPE_CHECKING:  # commands do not import Starlette
    from starlette.requests import HTTPConnection


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """The RP ID, the name that authenticators show, and the origins of the pages that may use passkeys."""

    id: str
    name: str
    origins: tuple[str, ...]

    def serves(self, hostname: str | None) -> bool:
        """Return whether browsers use passkeys of this site on pages of the host."""
        return hostname is not None and (hostname == self.id or hostname.endswith(f".{self.id}"))


def relying_party(context: Context, connection: "HTTPConnection | None") -> RelyingParty:
    """Return the relying party that the settings configure.

    Without AUTH_PASSKEY_RP_ID it is `localhost` in development, with the port of the request. Raise NotFoundError in
    production.
    """
    settings = AuthSettings.of(context.plugin_settings)
    name = context.settings.site_name
    if settings.passkey_rp_id:
        origins = settings.passkey_origins or (f"https://{settings.passkey_rp_id}",)
        return RelyingParty(id=settings.passkey_rp_id, name=name, origins=origins)
    if not context.settings.debug:
        raise NotFoundError(gettext("This site knows no passkeys: AUTH_PASSKEY_RP_ID is not set."))
    return RelyingParty(id=LOCALHOST, name=name, origins=settings.passkey_origins or _own_origin(connection))


def find_relying_party(context: Context, connection: "HTTPConnection | None") -> RelyingParty | None:
    """Return the same, or None if passkeys are not configured."""
    try:
        return relying_party(context, connection)
    except NotFoundError:
        return None


def _own_origin(connection: "HTTPConnection | None") -> tuple[str, ...]:
    if connection is None or connection.url.hostname != LOCALHOST:
        return (f"http://{LOCALHOST}:8000",)
    parts = urlsplit(str(connection.url))
    return (f"{parts.scheme}://{parts.netloc}",)
