"""The providers of logins in `AUTH_PROVIDERS`, each an OpenID Connect provider or an OAuth 2 server.

    AUTH_PROVIDERS='[{"name": "google", "kind": "oidc", "issuer": "https://accounts.google.com",
                      "client_id": "...", "client_secret": "..."}]'

A mapping from names to the other values is also accepted. These are plain values; no OAuth library is imported.
"""

from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from dovetail.validators import is_local

# Only signatures by a private key: neither `none` nor HMAC (RFC 8725, section 3.1).
Algorithm: TypeAlias = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"
]
ClientAuthentication: TypeAlias = Literal["client_secret_basic", "client_secret_post", "none"]
MAXIMUM_TITLE = 50
LONGEST_WAIT = 60  # seconds


def _check_url(url: str) -> str:
    """Return the URL of an endpoint. Raise ValueError unless it is https, or http on this machine."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.fragment or any(sign.isspace() for sign in url):
        raise ValueError("expected an address such as https://login.example.org, without a name, password or #")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local(parts.hostname)):
        raise ValueError(f"expected https:// (http:// only for this machine), found {parts.scheme[:20]}://")
    return url


def _check_issuer(url: str) -> str:
    if "?" in _check_url(url):
        raise ValueError("expected an issuer without a query (OpenID Connect Core 1.0, section 2), found a ?")
    return url


Url = Annotated[str, AfterValidator(_check_url)]
Issuer = Annotated[str, AfterValidator(_check_issuer)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class ClaimNames(BaseModel):
    """The names of a provider's claims about a user; by default those of OpenID Connect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Text = "sub"
    email: Text = "email"
    email_verified: Text = "email_verified"
    username: Text = "preferred_username"
    full_name: Text = "name"


class Provider(BaseModel):
    """A provider of either kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,29}$")]  # used in URLs
    title: Annotated[str, Field(max_length=MAXIMUM_TITLE)] = ""  # shown on buttons
    client_id: Text
    client_secret: SecretStr = SecretStr("")
    client_authentication: ClientAuthentication | None = None
    claims: ClaimNames = ClaimNames()
    sign_up: bool = False  # whether a new user gets an account
    internal_network: bool = False  # whether its endpoints may have internal addresses
    timeout: Annotated[float, Field(gt=0, le=LONGEST_WAIT)] = 10  # seconds for all requests of one login

    @model_validator(mode="after")
    def _have_a_secret_to_show(self) -> Self:
        if self.client_authentication in {"client_secret_basic", "client_secret_post"} and not self.has_secret:
            raise ValueError(f"{self.name}: client_authentication {self.client_authentication} takes a client_secret")
        return self

    @property
    def has_secret(self) -> bool:
        """Return whether the site has a client secret."""
        return bool(self.client_secret.get_secret_value())

    @property
    def label(self) -> str:
        """Return the label for a button."""
        return self.title or self.name.replace("_", " ").replace("-", " ").title()

    @property
    def authentication(self) -> ClientAuthentication:
        """Return how the site authenticates itself to the provider (RFC 6749, section 2.3)."""
        return self.client_authentication or ("client_secret_basic" if self.has_secret else "none")


class OidcProvider(Provider):
    """A provider that signs its statements and publishes its metadata (OpenID Connect Core and Discovery 1.0)."""

    kind: Literal["oidc"]
    issuer: Issuer
    scopes: tuple[Text, ...] = ("openid", "email", "profile")
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
    # Values in an ID token that say that a second factor was given there, so that none is asked for here (RFC 8176).
    second_factor_amr: frozenset[Text] = frozenset()
    second_factor_acr: frozenset[Text] = frozenset()

    @model_validator(mode="after")
    def _ask_for_an_id_token(self) -> Self:
        if "openid" not in self.scopes:
            raise ValueError(f"{self.name}: scopes lack openid, without which there is no ID token")
        return self

    @property
    def authority(self) -> str:
        """Return the namespace in which subjects are unique: the issuer."""
        return self.issuer

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the URLs in the settings."""
        return (self.issuer,)


class OAuth2Provider(Provider):
    """A server that returns information about the user for an access token (RFC 6749); it is not signed."""

    kind: Literal["oauth2"]
    authorization_endpoint: Url
    token_endpoint: Url
    userinfo_endpoint: Url
    emails_endpoint: Url | None = None  # returns [{"email": ..., "primary": true, "verified": true}], as GitHub's does
    issuer: Issuer | None = None  # if the server identifies itself in its responses (RFC 9207)
    scopes: tuple[Text, ...] = ()

    @property
    def authority(self) -> str:
        """Return the namespace in which subjects are unique: the endpoint that returns them."""
        return self.userinfo_endpoint

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the URLs in the settings."""
        named = (self.authorization_endpoint, self.token_endpoint, self.userinfo_endpoint, self.emails_endpoint)
        return tuple(address for address in (*named, self.issuer) if address)


AnyProvider: TypeAlias = Annotated[OidcProvider | OAuth2Provider, Field(discriminator="kind")]


def _as_list(value: object) -> object:
    if isinstance(value, dict):
        return [{"name": name, **rest} if isinstance(rest, dict) else rest for name, rest in value.items()]
    return value


def _check_names(providers: tuple[AnyProvider, ...]) -> tuple[AnyProvider, ...]:
    names = [provider.name for provider in providers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two providers have the name {twice[0]}; give each one of its own")
    return providers


Providers = Annotated[tuple[AnyProvider, ...], BeforeValidator(_as_list), AfterValidator(_check_names)]
