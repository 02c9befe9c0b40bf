"""AUTH_PROVIDERS names providers, and what is wrong with it is said without a secret."""

import json

import pytest

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import ConfigurationError
from dovetail.settings import load_plugin_settings

CORNER = {"kind": "oidc", "issuer": "https://login.example.org", "client_id": "site", "client_secret": "geheim"}


@pytest.fixture
def read(monkeypatch, tmp_path):
    def read(value: object) -> AuthSettings:
        monkeypatch.setenv("AUTH_PROVIDERS", json.dumps(value))
        return load_plugin_settings(AuthSettings, "AUTH_", tmp_path)

    return read


def test_providers_can_be_given_as_a_list_or_a_mapping(read):
    assert read({"corner": CORNER}).providers == read([{"name": "corner", **CORNER}]).providers
    assert read([]).providers == ()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"corner": {**CORNER, "issuer": "http://login.example.org"}}, "expected https:// .*, found http://"),
        ({"corner": {**CORNER, "issuer": "https://me:secret@example.org"}}, "without a name, password or #"),
        ({"corner": {**CORNER, "issuer": "https://example.org?tenant=1"}}, "issuer without a query"),
        ({"corner": {**CORNER, "scopes": ["email"]}}, "corner: scopes lack openid"),
        ({"corner": {**CORNER, "algorithms": ["none"]}}, "0.oidc.algorithms"),
        ({"corner": {**CORNER, "algorithms": ["HS256"]}}, "0.oidc.algorithms"),
        ({"corner": {**CORNER, "isuer": "x"}}, "0.oidc.isuer: Extra inputs"),
        ({"corner": {**CORNER, "kind": "saml"}}, "expected tags: 'oidc', 'oauth2'"),
        ({"Corner": CORNER}, "0.oidc.name: String should match"),
        ([{"name": "corner", **CORNER}] * 2, "two providers have the name corner"),
        ({"corner": {"kind": "oauth2", "client_id": "x"}}, "0.oauth2.token_endpoint: Field required"),
        (
            {"corner": {**CORNER, "client_secret": "", "client_authentication": "client_secret_post"}},
            "corner: client_authentication client_secret_post takes a client_secret",
        ),
    ],
)
def test_invalid_settings_are_refused_by_name_without_quoting_secrets(read, value, told):
    with pytest.raises(ConfigurationError, match=told) as refused:
        read(value)
    assert "AUTH_PROVIDERS" in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert "secret@" not in str(refused.value)
