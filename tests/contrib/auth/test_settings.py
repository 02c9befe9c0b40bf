import pytest

from dovetail.contrib.auth.checks import check_email
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context
from dovetail.settings import load_plugin_settings
from tests.running import manage

PAGES = {"reset_password_url": "https://x.org/r?t={token}", "verify_url": "https://x.org/v?t={token}"}
SMTP = {"email_backend": "smtp", "email_from": "site@example.org", **PAGES}


def load(tmp_path) -> AuthSettings:
    return load_plugin_settings(AuthSettings, "AUTH_", tmp_path)


def test_settings_are_read_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTH_TOKEN_LIFETIME", "60")
    monkeypatch.setenv("AUTH_EMAIL_PASSWORD", "a secret")
    monkeypatch.setenv("AUTH_REGISTRATION_OPEN", "false")
    settings = load(tmp_path)
    assert (settings.token_lifetime, settings.registration_open) == (60, False)
    assert "a secret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_TOKEN_LIFETIME", "0"),
        ("AUTH_SESSION_IDLE_SECONDS", "899"),
        ("AUTH_PROOF_SECONDS", "0"),
        ("AUTH_RESET_PASSWORD_URL", "https://example.org/reset"),
        ("AUTH_EMAIL_BACKEND", "pigeon"),
        ("AUTH_EMAIL_PORT", "70000"),
        ("AUTH_REQUIRE_SECOND_FACTOR", "some"),
        ("AUTH_PASSKEY_RP_ID", "https://example.org"),
        ("AUTH_PASSKEY_RP_ID", "127.0.0.1"),
        ("AUTH_PASSKEY_RP_ID", "Example.org"),
        ("AUTH_PASSKEY_ORIGINS", '["http://example.org"]'),
        ("AUTH_PASSKEY_ORIGINS", '["https://evil.example"]'),
        ("AUTH_PASSKEY_ORIGINS", '["https://localhost.evil.example"]'),
        ("AUTH_PASSKEY_ORIGINS", '["android:apk-key-hash:short"]'),
    ],
)
def test_invalid_settings_are_refused_by_name(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        load(tmp_path)


def findings(make_settings, environment: str = "production", **values) -> list[str]:
    settings = make_settings(environment=environment)
    context = Context(settings=settings, database=None, plugins=(), plugin_settings={"auth": AuthSettings(**values)})
    return [message.id for message in check_email(context)]


def test_production_is_warned_of_e_mails_that_reach_nobody(make_settings):
    assert findings(make_settings) == ["auth.W001", "auth.W002"]
    assert findings(make_settings, "development") == []
    assert findings(make_settings, **SMTP) == []


def test_a_mail_password_in_clear_is_an_error(make_settings):
    clear = {**SMTP, "email_host": "mail.example.org", "email_username": "site", "email_password": "hunter2"}
    assert findings(make_settings, **clear) == ["auth.E001"]
    assert findings(make_settings, **clear, email_security="starttls") == []


def test_manage_check_reports_it(tmp_path):
    result = manage("check", ENVIRONMENT="production", DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite3")
    assert "auth.W001" in result.stderr
