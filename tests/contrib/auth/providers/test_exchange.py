"""A provider is believed only what its own keys vouch for, to us, for this login, and now."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic import SecretStr, TypeAdapter
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from dovetail.contrib.auth.providers.documents import Documents
from dovetail.contrib.auth.providers.exchange import authorization_url, fetch_identity
from dovetail.contrib.auth.providers.http_client import make_tls
from dovetail.contrib.auth.providers.identity import ProviderError, ProviderIdentity
from dovetail.contrib.auth.providers.logins import secrets_of
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from tests.contrib.auth.providers.provider import CLIENT_ID, CLIENT_SECRET, RealProvider

REDIRECT = "http://testserver/api/auth/providers/corner/callback"
SECRETS = secrets_of("a-state-of-256-bits", SecretStr("a key"))
OURS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "internal_network": True}
TLS = make_tls()


def new_documents() -> Documents:
    return Documents(TLS)


def configured(base: str, **more: object) -> AnyProvider:
    found: AnyProvider = TypeAdapter(AnyProvider).validate_python(
        {"name": "corner", "kind": "oidc", "issuer": base, "timeout": 60, **OURS, **more}
    )
    return found


async def come_back(documents: Documents, ours: AnyProvider, *, again: bool = False) -> dict[str, str]:
    """Log in at the provider and return the parameters with which it sends the browser back."""
    url = await authorization_url(documents, ours, SECRETS, redirect_uri=REDIRECT, again=again)
    async with httpx.AsyncClient(verify=False, timeout=60) as browser:
        back = (await browser.get(url)).headers["location"]
    return dict(parse_qsl(urlsplit(back).query))


async def log_in(
    provider: RealProvider, documents: Documents | None = None, changes: Mapping[str, str] = {}, **more: Any
) -> ProviderIdentity:
    documents, ours = documents or new_documents(), configured(provider.base, **more)
    answer = {**await come_back(documents, ours), **changes}
    return await fetch_identity(documents, ours, answer, SECRETS, redirect_uri=REDIRECT)


async def test_a_valid_answer_of_a_provider_is_accepted(provider):
    found = await log_in(provider)
    assert found == ProviderIdentity(
        issuer=provider.base,
        subject="248289761001",
        email="ada@example.org",
        email_verified=True,
        username="ada.l",
        full_name="Ada Lovelace",
    )


NOT_FOR_US = {
    "another issuer": {"iss": "https://elsewhere.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-site"},
    "another audience and us as the authorized party": {"aud": "another-site", "azp": CLIENT_ID},
    "no audience": {"aud": None},
    "several audiences and no authorized party": {"aud": [CLIENT_ID, "another-site"]},
    "another authorized party": {"aud": [CLIENT_ID, "another-site"], "azp": "another-site"},
    "another party's, meant for us alone": {"azp": "another-site"},
    "an end that is over": {"exp": 1_700_000_000},
    "no end": {"exp": None},
    "a beginning in the future": {"iat": 9_000_000_000, "exp": 9_000_000_300},
    "not valid before a time in the future": {"nbf": 9_000_000_000},
    "no beginning": {"iat": None},
    "another nonce": {"nonce": "of another login"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is none": {"sub": ["248289761001"]},
    "a subject that is too long": {"sub": "1" * 256},
    "a subject with a NUL": {"sub": "248289761001\x00"},
    "the hash of another access token": {"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"},
}


@pytest.mark.parametrize("claims", NOT_FOR_US.values(), ids=NOT_FOR_US)
async def test_an_id_token_is_refused_with(provider, claims):
    provider.lies.claims = claims
    with pytest.raises(ProviderError):
        await log_in(provider)


async def test_an_id_token_for_several_audiences_of_which_we_are_the_authorized_party_is_believed(provider):
    provider.lies.claims = {"aud": [CLIENT_ID, "another-site"], "azp": CLIENT_ID}
    assert (await log_in(provider)).subject == "248289761001"


@pytest.mark.parametrize(
    "key",
    [ECKey.generate_key("P-256"), OctKey.import_key(CLIENT_SECRET.ljust(32, "."))],
    ids=["a key that is not the provider's", "a secret that both sides know"],
)
async def test_an_id_token_is_refused_that_is_signed_with(provider, key):
    provider.lies.key = key
    with pytest.raises(ProviderError):
        await log_in(provider)


async def test_an_id_token_without_a_signature_is_refused_although_the_provider_says_that_it_sends_such(provider):
    provider.lies.unsigned = True
    with pytest.raises(ProviderError):
        await log_in(provider)


async def test_only_the_algorithms_of_the_settings_are_believed(provider):
    with pytest.raises(ProviderError):
        await log_in(provider, algorithms=["RS256"])
    provider.keys = [RSAKey.generate_key(2048, parameters={"kid": "two"})]
    assert (await log_in(provider, algorithms=["RS256"])).subject == "248289761001"


async def test_a_key_that_is_for_encryption_verifies_nothing(provider):
    provider.lies.key_marks = {"use": "enc"}
    with pytest.raises(ProviderError):
        await log_in(provider)


async def test_new_keys_of_the_provider_are_fetched_when_the_first_token_of_them_comes(provider):
    documents = new_documents()
    await log_in(provider, documents)
    await log_in(provider, documents)
    assert provider.asked.count("/jwks") == 1
    provider.rotate()
    assert (await log_in(provider, documents)).subject == "248289761001"
    assert provider.asked.count("/jwks") == 2
    assert provider.asked.count("/.well-known/openid-configuration") == 1


async def test_a_code_works_once(provider):
    documents, ours = new_documents(), configured(provider.base)
    answer = await come_back(documents, ours)
    await fetch_identity(documents, ours, answer, SECRETS, redirect_uri=REDIRECT)
    with pytest.raises(ProviderError, match="invalid_grant"):
        await fetch_identity(documents, ours, answer, SECRETS, redirect_uri=REDIRECT)


async def test_a_code_of_another_login_does_not_work(provider):
    documents, ours = new_documents(), configured(provider.base)
    answer = await come_back(documents, ours)
    other = secrets_of("another-state-of-256-bits", SecretStr("a key"))
    with pytest.raises(ProviderError, match="invalid_grant"):
        await fetch_identity(documents, ours, answer, other, redirect_uri=REDIRECT)


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", ""], ids=["of another provider", "left out"])
async def test_an_answer_of_a_provider_that_was_mixed_up_with_another_is_refused_before_it_gets_the_code(
    provider, issuer
):
    provider.lies.iss = issuer
    with pytest.raises(ProviderError, match="the answer names the issuer"):
        await log_in(provider)
    assert "/token" not in provider.asked


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"error": "access_denied"}, "Corner did not let you in, or you did not agree there."),
        ({"error": "server_error"}, ""),
        ({"code": ""}, ""),
        ({"code": "x" * 5000}, ""),
        ({"code": "made up"}, ""),
    ],
)
async def test_an_answer_without_a_code_that_works_lets_nobody_in(provider, changes, told):
    with pytest.raises(ProviderError) as refused:
        await log_in(provider, changes=changes)
    assert refused.value.user_message == told


DESCRIPTIONS = {
    "calls itself otherwise": {"issuer": "https://elsewhere.example"},
    "has no name": {"issuer": None},
    "has no keys": {"jwks_uri": None},
    "names a file as its endpoint": {"token_endpoint": "file:///etc/passwd"},
    "names an endpoint in clear, away from this machine": {"token_endpoint": "http://elsewhere.example/token"},
    "names no endpoint": {"authorization_endpoint": 5},
    "names an endpoint in another scheme than the issuer's": {"userinfo_endpoint": "https://127.0.0.1/userinfo"},
}


@pytest.mark.parametrize("lies", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
async def test_a_provider_with_invalid_metadata_is_not_used(provider, lies):
    provider.lies.discovery = lies
    with pytest.raises(ProviderError):
        await come_back(new_documents(), configured(provider.base))


ANSWERS = {
    "leads elsewhere": RedirectResponse("http://127.0.0.1:1/", 307),
    "is no JSON": PlainTextResponse("Welcome"),
    "is no object": JSONResponse(["access_token"]),
    "is deep": PlainTextResponse("[" * 200_000, media_type="application/json"),
    "is empty": JSONResponse({}),
    "has an ID token of another kind": JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": 5}),
    "has an ID token that is none": JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": "a.b.c"}),
    "has no ID token": JSONResponse({"access_token": "x", "token_type": "Bearer"}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_invalid_answer_of_the_token_endpoint_is_refused(provider, answer):
    provider.lies.answer = answer
    with pytest.raises(ProviderError) as refused:
        await log_in(provider)
    assert refused.value.user_message == ""


async def test_redirects_of_a_provider_are_not_followed(provider):
    provider.lies.answer = RedirectResponse("/userinfo", 303)
    with pytest.raises(ProviderError):
        await log_in(provider)
    assert provider.asked[-1] == "/token"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (JSONResponse({"access_token": "x" * 1_100_000}), "sent more than 1000000 bytes"),
        (PlainTextResponse(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "sent a compressed answer"),
    ],
)
async def test_a_response_that_is_too_large_is_not_read(provider, answer, told):
    provider.lies.answer = answer
    with pytest.raises(ProviderError, match=told):
        await log_in(provider)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_provider_that_is_broken_is_said_to_be_silent(provider, status):
    documents, ours = new_documents(), configured(provider.base)
    answer = await come_back(documents, ours)
    provider.lies.answer = PlainTextResponse("Oops", status)
    with pytest.raises(ProviderError) as refused:
        await fetch_identity(documents, ours, answer, SECRETS, redirect_uri=REDIRECT)
    assert refused.value.user_message.startswith("Corner does not answer at the moment.")


async def test_a_provider_that_never_answers_is_given_up(silent_port):
    ours = configured(f"http://127.0.0.1:{silent_port}", timeout=0.1)
    with pytest.raises(ProviderError) as refused:
        await authorization_url(new_documents(), ours, SECRETS, redirect_uri=REDIRECT, again=False)
    assert refused.value.user_message.startswith("Corner does not answer at the moment.")


async def test_concurrent_logins_fetch_the_metadata_once(provider):
    documents, ours = new_documents(), configured(provider.base)
    await asyncio.gather(*(documents.endpoints(ours) for _ in range(20)))
    assert provider.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_address_of_our_own_network_is_not_asked_unless_the_settings_say_so(provider, host):
    base = provider.base.replace("127.0.0.1", host)
    with pytest.raises(
        ProviderError, match=r'is at .*, an address of an internal network; .* "internal_network": true'
    ):
        await new_documents().endpoints(configured(base, internal_network=False))
    assert provider.asked == []


@pytest.mark.parametrize(
    "address", ["::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a00:1::1", "fd00::1"]
)
async def test_an_address_of_ipv6_that_leads_into_our_own_network_is_not_asked_either(address):
    with pytest.raises(ProviderError, match="an address of an internal network"):
        await new_documents().endpoints(configured(f"https://[{address}]", internal_network=False))


async def test_what_the_id_token_leaves_out_is_asked_of_the_userinfo_endpoint(provider):
    provider.lies.claims = {"email": None, "email_verified": None}
    assert (await log_in(provider)).email == "ada@example.org"
    provider.lies.userinfo = {"sub": "somebody else"}
    with pytest.raises(ProviderError, match="of another subject"):
        await log_in(provider)


@pytest.mark.parametrize(
    ("claims", "settings", "expected"),
    [
        ({"amr": ["pwd", "otp"]}, {"second_factor_amr": ["otp", "hwk"]}, True),
        ({"amr": ["pwd"]}, {"second_factor_amr": ["otp", "hwk"]}, False),
        ({"acr": "silver"}, {"second_factor_acr": ["silver"]}, True),
        ({"acr": "bronze"}, {"second_factor_acr": ["silver"]}, False),
        ({"amr": ["otp"], "acr": "silver"}, {}, False),
        (
            {"amr": [["otp"], 5], "acr": ["silver"]},
            {"second_factor_amr": ["otp"], "second_factor_acr": ["silver"]},
            False,
        ),
    ],
)
async def test_a_second_factor_there_counts_if_the_settings_name_it(provider, claims, settings, expected):
    provider.lies.claims = claims
    assert (await log_in(provider, **settings)).second_factor is expected


async def test_proof_is_asked_for_anew_by_prompt_and_age(provider):
    documents, ours = new_documents(), configured(provider.base)
    answer = await come_back(documents, ours, again=True)
    found = await fetch_identity(documents, ours, answer, SECRETS, redirect_uri=REDIRECT)
    assert found.authenticated_at is not None


async def test_an_oauth2_server_is_asked_for_the_verified_primary_address(provider):
    ours: dict[str, object] = {
        "kind": "oauth2",
        "name": "code",
        "authorization_endpoint": f"{provider.base}/authorize",
        "token_endpoint": f"{provider.base}/token",
        "userinfo_endpoint": f"{provider.base}/user",
        "emails_endpoint": f"{provider.base}/emails",
        "claims": {"subject": "id", "username": "login"},
        "client_authentication": "client_secret_post",
    }
    made: AnyProvider = TypeAdapter(AnyProvider).validate_python({**ours, **OURS})
    documents = new_documents()
    answer = await come_back(documents, made)
    found = await fetch_identity(documents, made, answer, SECRETS, redirect_uri=REDIRECT)
    assert (found.subject, found.email, found.email_verified) == ("248289761001", "ada@example.org", True)
    assert found.issuer == f"{provider.base}/user"


async def test_neither_a_secret_nor_a_code_is_in_the_message_of_a_failure(provider, caplog):
    caplog.set_level(logging.DEBUG)
    provider.lies.claims = {"nonce": "of another login"}
    with pytest.raises(ProviderError) as refused:
        await log_in(provider)
    for secret in (CLIENT_SECRET, SECRETS.nonce, SECRETS.verifier):
        assert secret not in str(refused.value)
