"""Read the credential of a request from its headers, for the schemes that the site accepts.

A request may have one credential in its headers. Several are ambiguous and refused with 400 (RFC 6750, section 3.1). A
cookie is only used if no header has a credential, since browsers send it with every request.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.credentials.browser_sessions import BROWSER_SESSIONS, cookie_of
from dovetail.contrib.auth.sessions.models import SessionKind
from dovetail.contrib.auth.setting_types.schemes import Scheme
from dovetail.errors import BadRequestError, ConfigurationError
from dovetail.state import StateKey


class Credential(NamedTuple):
    """A token, its scheme, and the kind of session that it may belong to."""

    token: str
    scheme: Scheme
    kind: SessionKind


@dataclass(frozen=True)
class CredentialReader:
    """Reads credentials of the given schemes."""

    schemes: Sequence[Scheme] = (Scheme.BEARER,)
    api_key_header: str = "X-API-Key"
    gives_refresh_tokens: bool = False
    headers: frozenset[bytes] = field(init=False)  # a request without any of these has no credential
    _by_word: dict[str, Scheme] = field(init=False)
    _api_key: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        words = {one.lower(): one for one in self.schemes if one in {Scheme.BEARER, Scheme.TOKEN}}
        object.__setattr__(self, "_by_word", words)
        header = self.api_key_header.lower().encode() if Scheme.API_KEY in self.schemes else None
        object.__setattr__(self, "_api_key", header)
        looked_at = (b"authorization", header, b"cookie" if Scheme.SESSION in self.schemes else None)
        object.__setattr__(self, "headers", frozenset(one for one in looked_at if one is not None))

    def read(self, connection: HTTPConnection) -> Credential | None:
        """Return the credential of a request; None if it has none of an accepted scheme.

        Raise BadRequestError for several credentials, and PermissionDeniedError for a cookie without a CSRF token.
        """
        found: Credential | None = None
        for name, value in connection.scope["headers"]:
            if name == b"authorization":
                one = self._authorization(value)
            elif name == self._api_key:
                one = Credential(value.decode("latin-1").strip(), Scheme.API_KEY, SessionKind.API)
            else:
                continue
            if one is not None and found is not None:
                raise several_credentials()
            found = one or found
        if found is None and Scheme.SESSION in self.schemes:
            token = cookie_of(connection)
            return None if token is None else Credential(token, Scheme.SESSION, SessionKind.OFFICE)
        return found

    def _authorization(self, value: bytes) -> Credential | None:
        word, _, token = value.decode("latin-1").partition(" ")
        scheme = self._by_word.get(word.lower())
        return None if scheme is None else Credential(token.strip(), scheme, SessionKind.API)


BEARER_ONLY = CredentialReader()
CREDENTIALS = StateKey[CredentialReader]("credentials", "add dovetail.contrib.auth to the plugins")


def credential_of(connection: HTTPConnection) -> Credential | None:
    """Return the credential of a request. Raise as `CredentialReader.read` does."""
    try:
        reader: CredentialReader = connection.app.state[CREDENTIALS.name]  # inlined CREDENTIALS.find, for speed
    except KeyError:
        reader = BEARER_ONLY
    return reader.read(connection)


def check_browser_sessions(app: Starlette) -> None:
    """Raise ConfigurationError if AUTH_SCHEMES has Session but no plugin provides browser sessions."""
    reader = CREDENTIALS.find(app)
    if reader is not None and Scheme.SESSION in reader.schemes and BROWSER_SESSIONS.find(app) is None:
        raise ConfigurationError(
            f"AUTH_SCHEMES names Session, and there are none; {BROWSER_SESSIONS.hint}, or leave it out"
        )


def several_credentials() -> BadRequestError:
    """Return the error for a request with more than one credential."""
    error = BadRequestError("The request brings several credentials; send one, in one header.")
    error.headers["WWW-Authenticate"] = 'Bearer error="invalid_request"'
    return error
