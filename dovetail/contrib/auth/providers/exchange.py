"""Send a user to a provider, and exchange the code they bring back for their identity.

Only the authorization code flow with PKCE is used (RFC 9700; https://openid.net/specs/openid-connect-core-1_0.html,
section 3.1). Authlib implements OAuth, joserfc verifies signatures.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import TypeVar

from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from dovetail.contrib.auth.providers.documents import Documents, Endpoints, as_provider_error, read_object
from dovetail.contrib.auth.providers.http_client import HEADERS, ProviderTransport
from dovetail.contrib.auth.providers.identity import (
    Claims,
    ProviderError,
    ProviderIdentity,
    asked_for_second_factor,
    read_identity,
)
from dovetail.contrib.auth.providers.logins import Secrets
from dovetail.contrib.auth.setting_types.providers import AnyProvider, OAuth2Provider, OidcProvider

T = TypeVar("T")

LEEWAY = 60  # seconds that clocks may differ
LONGEST_CODE = 4096


async def authorization_url(
    documents: Documents, provider: AnyProvider, secrets: Secrets, *, redirect_uri: str, again: bool
) -> str:
    """Return the URL to redirect the browser to; with `again`, a logged-in user has to authenticate again there.

    Raise ProviderError.
    """
    endpoint = (await _in_time(provider, documents.endpoints(provider))).authorization_endpoint
    parameters: dict[str, str] = {}
    if isinstance(provider, OidcProvider):
        parameters["nonce"] = secrets.nonce
        if provider.second_factor_acr:
            parameters["acr_values"] = " ".join(sorted(provider.second_factor_acr))
        if again:
            parameters |= {"prompt": "login", "max_age": "0"}
    client = _client(documents, provider, redirect_uri)
    url, _ = client.create_authorization_url(
        endpoint, state=secrets.state, code_verifier=secrets.verifier, **parameters
    )
    return str(url)


async def fetch_identity(
    documents: Documents, provider: AnyProvider, answer: Mapping[str, str], secrets: Secrets, *, redirect_uri: str
) -> ProviderIdentity:
    """Return the user who came back with `answer`, the parameters of the callback. Raise ProviderError."""
    return await _in_time(provider, _fetch_identity(documents, provider, answer, secrets, redirect_uri))


async def _fetch_identity(
    documents: Documents, provider: AnyProvider, answer: Mapping[str, str], secrets: Secrets, redirect_uri: str
) -> ProviderIdentity:
    endpoints = await documents.endpoints(provider)
    code = _code_of(provider, endpoints, answer)
    async with _client(documents, provider, redirect_uri) as client:
        with as_provider_error(provider):
            token = await client.fetch_token(
                endpoints.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=secrets.verifier,
            )
        if isinstance(provider, OAuth2Provider):
            return await _ask_oauth2(client, provider)
        claims = await _verify(documents, provider, token, secrets.nonce)
        identity = read_identity(provider.authority, claims, provider.claims)
        if not identity.email and endpoints.userinfo_endpoint:
            more = await _userinfo(client, provider, endpoints.userinfo_endpoint)
            if more.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, section 5.3.2
                raise ProviderError("its userinfo is of another subject than its ID token")
            identity = read_identity(provider.authority, {**more, **claims}, provider.claims)
    return replace(identity, second_factor=asked_for_second_factor(claims, provider))


def _code_of(provider: AnyProvider, endpoints: Endpoints, answer: Mapping[str, str]) -> str:
    """Return the code, if the answer comes from this provider and is no refusal. Raise ProviderError."""
    issuer, expected = answer.get("iss"), provider.issuer
    is_named = issuer is not None or endpoints.authorization_response_iss_parameter_supported
    if expected is not None and is_named and issuer != expected:  # RFC 9207, section 2.4: a mix-up attack
        raise ProviderError(f"the answer names the issuer {str(issuer)[:100]!r}, expected {expected!r}")
    if "error" in answer:
        refused = answer["error"] in {"access_denied", "consent_required", "login_required", "interaction_required"}
        user_message = f"{provider.label} did not let you in, or you did not agree there." if refused else ""
        raise ProviderError(f"it refused: {answer['error'][:100]!r}", user_message=user_message)
    code = answer.get("code", "")
    if not 0 < len(code) <= LONGEST_CODE:
        raise ProviderError("the answer has no code")
    return code


async def _verify(documents: Documents, provider: OidcProvider, token: Mapping[str, object], nonce: str) -> Claims:
    """Return the verified claims of the ID token in a token response. Raise ProviderError."""
    text = token.get("id_token")
    if not isinstance(text, str):
        raise ProviderError("it sent no ID token")
    keys = await documents.keys(provider)
    with as_provider_error(provider):
        try:
            decoded = _decode(text, keys, provider)
        except (InvalidKeyIdError, BadSignatureError):  # the provider may have changed its keys
            decoded = _decode(text, await documents.keys(provider, instead_of=keys), provider)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": provider.client_id},
            },
            {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY)
        return dict(claims)


def _decode(text: str, keys: KeySet, provider: OidcProvider) -> jwt.Token:
    # Only the algorithms in the settings: those in the provider's metadata could change, even to `none`.
    registry = JWSRegistry(algorithms=list(provider.algorithms), strict_check_header=False)
    return jwt.decode(text, keys, registry=registry)


async def _ask_oauth2(client: AsyncOAuth2Client, provider: OAuth2Provider) -> ProviderIdentity:
    claims = await _userinfo(client, provider, provider.userinfo_endpoint)
    identity = read_identity(provider.authority, claims, provider.claims)
    if provider.emails_endpoint is None:
        return identity
    with as_provider_error(provider):
        response = await client.get(provider.emails_endpoint)
        response.raise_for_status()
        found = response.json()
    addresses = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    primary = next((one for one in addresses if one.get("primary") is True), None)
    if primary is None:
        raise ProviderError("its emails_endpoint names no primary address")
    named = {provider.claims.email: primary.get("email"), provider.claims.email_verified: primary.get("verified")}
    return read_identity(provider.authority, {**claims, **named}, provider.claims)


async def _userinfo(client: AsyncOAuth2Client, provider: AnyProvider, url: str) -> dict[str, object]:
    with as_provider_error(provider):
        return read_object(await client.get(url))


def _client(documents: Documents, provider: AnyProvider, redirect_uri: str) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client_id=provider.client_id,
        client_secret=provider.client_secret.get_secret_value() or None,
        token_endpoint_auth_method=provider.authentication,
        scope=" ".join(provider.scopes) or None,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        transport=ProviderTransport(provider, documents.tls),
        headers=HEADERS,
        timeout=provider.timeout,
        leeway=0,  # the token is used immediately, so it need not be valid for long
        trust_env=False,
        follow_redirects=False,
    )


async def _in_time(provider: AnyProvider, work: Awaitable[T]) -> T:
    """Await `work` within the time limit for one login. Raise ProviderError."""
    with as_provider_error(provider):
        async with asyncio.timeout(provider.timeout):
            return await work
