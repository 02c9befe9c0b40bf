"""The metadata of providers (endpoints and keys), fetched on first use and cached.

(https://openid.net/specs/openid-connect-discovery-1_0.html, section 4)
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from pydantic import BaseModel, ConfigDict, ValidationError

from dovetail.contrib.auth.providers.http_client import HEADERS, ProviderTransport, make_tls
from dovetail.contrib.auth.providers.identity import ProviderError
from dovetail.contrib.auth.setting_types.providers import AnyProvider, OAuth2Provider, OidcProvider, Url

KEPT = 3600  # seconds
SILENT = "{} does not answer at the moment. Try again later, or log in another way."


class Endpoints(BaseModel):
    """The part of a provider's metadata that a login needs."""

    model_config = ConfigDict(frozen=True)

    authorization_endpoint: Url
    token_endpoint: Url
    userinfo_endpoint: Url | None = None
    jwks_uri: Url | None = None
    authorization_response_iss_parameter_supported: bool = False  # RFC 9207, section 3


@dataclass
class _Kept:
    endpoints: Endpoints | None = None
    keys: KeySet | None = None
    endpoints_until: float = 0
    keys_until: float = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # so that concurrent logins fetch only once


class Documents:
    """Fetches and caches the metadata of an application's providers."""

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.tls = tls or make_tls()  # verifies the certificates of providers
        self._kept: dict[str, _Kept] = {}

    async def endpoints(self, provider: AnyProvider) -> Endpoints:
        """Return the endpoints of a provider. Raise ProviderError."""
        if isinstance(provider, OAuth2Provider):
            return Endpoints(
                authorization_endpoint=provider.authorization_endpoint,
                token_endpoint=provider.token_endpoint,
                userinfo_endpoint=provider.userinfo_endpoint,
                authorization_response_iss_parameter_supported=provider.issuer is not None,
            )
        kept = self._of(provider)
        async with kept.lock:
            if kept.endpoints is None or kept.endpoints_until < monotonic():
                kept.endpoints = await self._discover(provider)
                kept.endpoints_until = monotonic() + KEPT
            return kept.endpoints

    async def keys(self, provider: OidcProvider, *, instead_of: KeySet | None = None) -> KeySet:
        """Return the provider's signing keys; newer ones than `instead_of`, which lack a key. Raise ProviderError."""
        uri = (await self.endpoints(provider)).jwks_uri
        kept = self._of(provider)
        async with kept.lock:
            if kept.keys is None or kept.keys is instead_of or kept.keys_until < monotonic():
                found = await self._fetch(provider, cast("str", uri))
                with as_provider_error(provider):
                    kept.keys = KeySet.import_key_set(cast("KeySetSerialization", found))
                kept.keys_until = monotonic() + KEPT
            return kept.keys

    async def _discover(self, provider: OidcProvider) -> Endpoints:
        found = await self._fetch(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != provider.issuer:
            raise ProviderError(f"it calls itself {str(found.get('issuer'))[:100]!r}, expected {provider.issuer!r}")
        try:
            endpoints = Endpoints.model_validate(found)
        except ValidationError as error:
            wrong = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors()}))
            raise ProviderError(f"its description has no usable {wrong}") from None
        if endpoints.jwks_uri is None:
            raise ProviderError("its description has no usable jwks_uri")
        urls = (endpoints.authorization_endpoint, endpoints.token_endpoint, endpoints.userinfo_endpoint)
        here = urlsplit(provider.issuer).scheme
        if {urlsplit(url).scheme for url in (*urls, endpoints.jwks_uri) if url} != {here}:
            raise ProviderError(f"its description names endpoints that are not {here}://, as the issuer is")
        return endpoints

    async def _fetch(self, provider: AnyProvider, url: str) -> dict[str, object]:
        with as_provider_error(provider):
            async with httpx2.AsyncClient(
                transport=ProviderTransport(provider, self.tls), headers=HEADERS, timeout=provider.timeout
            ) as client:
                return read_object(await client.get(url))

    def _of(self, provider: AnyProvider) -> _Kept:
        return self._kept.setdefault(provider.name, _Kept())


def read_object(response: httpx2.Response) -> dict[str, object]:
    """Return the JSON object in a response. Raise ProviderError, HTTPStatusError and ValueError."""
    found = response.raise_for_status().json()
    if isinstance(found, dict):
        return found
    raise ProviderError(f"{response.url.host} answered a {type(found).__name__}, expected a JSON object")


@contextmanager
def as_provider_error(provider: AnyProvider) -> Iterator[None]:
    """Convert the exceptions of all libraries that talk to a provider into a ProviderError fit for a log."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise ProviderError(
            f"it answered {error.response.status_code}", user_message=_message_for_user(provider, error)
        ) from None
    except (httpx2.HTTPError, TimeoutError) as error:
        silent = SILENT.format(provider.label)
        raise ProviderError(
            f"it does not answer: {type(error).__name__} {error}".strip(), user_message=silent
        ) from None
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProviderError(f"its answer is not to be believed: {type(error).__name__} {error}"[:500]) from None


def _message_for_user(provider: AnyProvider, error: httpx2.HTTPStatusError) -> str:
    return SILENT.format(provider.label) if error.response.is_server_error else ""
