"""`check --deploy`: each setting that is weakened is called out by a code of its own, and a hardened site by none."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from dovetail.cli.checks.database_checks import check_room
from dovetail.cli.checks.deployment import check_deployment
from dovetail.cli.checks.system_checks import check_plugins, check_settings
from dovetail.cli.pool.facts import PoolFacts
from dovetail.context import make_context
from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.plugin import CheckMessage
from dovetail.registry import load_registry
from dovetail.settings import Settings
from plugins.comments.settings import CommentsSettings
from tests.running import ROOT

DATABASE = "postgresql://site:{}@db.example.com/site?ssl=verify-full"
PASSWORD = "Hx7mQ2vT9wLk4Zr8"
HARDENED: dict[str, Any] = {
    "environment": "production",
    "secret_key": SecretStr("kX2v9QmL7pTz4RwB8nYc3HsJ6dFg1AeU"),
    "allowed_hosts": ("www.example.com", "*.example.com"),
    "trusted_proxies": ("10.0.0.0/8", "2001:db8::/32"),
    "cors_allowed_origins": ("https://app.example.com",),
    "database_url": DATABASE.format(PASSWORD),
    "docs": "staff",
    "auth_registration_open": False,
    "auth_email_backend": "smtp",
    "auth_email_host": "mail.example.com",
    "auth_email_username": "site",
    "auth_email_password": "hunter2",
    "auth_email_security": "starttls",
    "auth_email_from": "The Site <noreply@example.com>",
    "auth_reset_password_url": "https://www.example.com/reset?token={token}",
    "auth_verify_url": "https://www.example.com/verify?token={token}",
    "auth_require_second_factor": "staff",
    "auth_passkey_rp_id": "example.com",
    "auth_passkey_origins": ("https://www.example.com",),
}
PLUGINS = {"auth": AuthSettings, "admin": AdminSettings, "comments": CommentsSettings}
CORNER = {"name": "corner", "kind": "oidc", "issuer": "https://login.example.com", "client_id": "site"}
YEARS = 10 * 365 * 86_400  # seconds

WEAKENED: list[tuple[str, dict[str, Any]]] = [
    ("kernel.W001", {"plugins": ()}),
    ("kernel.W002", {"allowed_hosts": ()}),
    ("kernel.W010", {"environment": "development"}),
    ("kernel.W010", {"environment": "test"}),
    ("kernel.W012", {"secret_key": SecretStr("abab" * 10)}),
    ("kernel.W012", {"secret_key": SecretStr("Tr0ub4dor&3Xy" * 4)}),
    ("kernel.W012", {"secret_key": SecretStr("correct horse battery " * 3)}),
    ("kernel.W013", {"allowed_hosts": ("www.example.com", "*")}),
    ("kernel.W014", {"allowed_hosts": ("localhost", "127.0.0.1")}),
    ("kernel.W015", {"trusted_proxies": ("*",)}),
    ("kernel.W015", {"trusted_proxies": ("10.0.0.5", "0.0.0.0/0")}),
    ("kernel.W015", {"trusted_proxies": ("128.0.0.0/1",)}),
    ("kernel.W015", {"trusted_proxies": ("::/0",)}),
    ("kernel.W016", {"log_level": "DEBUG"}),
    ("kernel.W017", {"secret_key": SecretStr("django-insecure-change-me-please-0123456789")}),
    ("kernel.W017", {"secret_key": SecretStr("this-is-my-very-secret-production-key!!")}),
    ("kernel.W017", {"secret_key": SecretStr("correct horse battery staple password")}),
    ("kernel.W018", {"allowed_hosts": ("*.com",)}),
    ("kernel.W018", {"allowed_hosts": ("www.example.com", "*.co.uk")}),
    ("kernel.W018", {"allowed_hosts": ("*.github.io",)}),
    ("kernel.W019", {"max_body_size": 10**10}),
    ("kernel.W020", {"database_url": "sqlite:///var/site.sqlite3"}),
    ("kernel.E020", {"database_url": "sqlite://"}),
    ("kernel.E020", {"database_url": "sqlite:///:memory:"}),
    *(
        ("kernel.W021", {"database_url": f"postgresql://site:{PASSWORD}@db.example.com/site{query}"})
        for query in ("", "?ssl=disable", "?ssl=prefer", "?ssl=allow", "?sslmode=prefer")
    ),
    ("kernel.W021", {"database_url": f"postgresql://site:{PASSWORD}@/site?host=db.example.com"}),
    ("kernel.W022", {"database_echo": True}),
    ("kernel.W023", {"database_pool_pre_ping": False}),
    *(("kernel.W025", {"database_url": DATABASE.format(guessed)}) for guessed in ("", "site", "postgres", "changeme")),
    ("kernel.W026", {"database_url": DATABASE.format(PASSWORD).replace("//site", "//postgres")}),
    ("kernel.W027", {"database_pool_timeout": 60}),
    ("kernel.W028", {"database_command_timeout": 3600}),
    ("kernel.W029", {"database_pool_recycle": -1}),
    ("kernel.W030", {"request_head_timeout": 3600}),
    ("kernel.W031", {"request_body_timeout": 3600}),
    ("kernel.W032", {"max_body_items": 10**9}),
    ("kernel.W033", {"docs": "public"}),
    ("kernel.W034", {"cors_allowed_origins": ("*",)}),
    ("kernel.W035", {"cors_allowed_origins": ("https://app.example.com", "http://app.example.com")}),
    ("kernel.W036", {"cors_allowed_origins": ("http://localhost:3000",)}),
    ("kernel.W059", {"database_lock_timeout": 30}),
    ("auth.W001", {"auth_email_backend": "console"}),
    ("auth.W002", {"auth_verify_url": ""}),
    ("auth.W003", {"auth_verify_url": "http://www.example.com/verify?token={token}"}),
    ("auth.W003", {"auth_reset_password_url": "http://www.example.com/reset?token={token}"}),
    ("auth.W004", {"auth_email_security": "none", "auth_email_username": ""}),
    ("auth.E001", {"auth_email_security": "none"}),
    ("auth.E002", {"auth_email_password": ""}),
    ("auth.W005", {"auth_token_lifetime": YEARS}),
    ("auth.W006", {"auth_reset_token_lifetime": YEARS}),
    ("auth.W007", {"auth_verify_token_lifetime": YEARS}),
    ("auth.W008", {"auth_email_from": "noreply@localhost"}),
    ("auth.W009", {"auth_verify_url": "http://localhost:3000/verify?token={token}"}),
    ("auth.W010", {"auth_email_timeout": 600}),
    ("auth.W016", {"auth_session_idle_seconds": YEARS}),
    ("auth.W017", {"auth_proof_seconds": YEARS}),
    ("auth.I001", {"auth_registration_open": True}),
    ("auth.W020", {"auth_require_second_factor": "none"}),
    ("auth.I020", {"auth_passkey_rp_id": "", "auth_passkey_origins": ()}),
    ("auth.W021", {"auth_passkey_rp_id": "localhost", "auth_passkey_origins": ()}),
    ("auth.E030", {"auth_providers": [{**CORNER, "issuer": "http://localhost:9000"}]}),
    ("auth.W030", {"auth_providers": [{**CORNER, "scopes": ["openid"]}]}),
    ("admin.W001", {"admin_secure_cookies": False}),
    ("admin.W002", {"admin_session_lifetime": YEARS}),
    ("admin.W006", {"admin_session_idle_seconds": YEARS}),
    ("admin.W003", {"admin_pool_share": 1.0}),
    ("admin.W004", {"admin_statement_timeout": 3600}),
    ("comments.W001", {"comments_auto_approve": True}),
]
# Those that depend on more than a setting, each with its own test: here, in test_check.py, or in tests/migrations.
APART = {"kernel.W011", "kernel.W037", "auth.W011"}


@pytest.fixture
def find(make_settings, tmp_path):
    def find(changes: dict[str, Any]) -> list[CheckMessage]:
        values = {"base_dir": tmp_path, **HARDENED, **changes}
        own = {name: value for name, value in values.items() if name.partition("_")[0] not in PLUGINS}
        settings: Settings = make_settings(**own)
        site = make_context(make_settings(**{**own, "plugins": Settings.model_fields["plugins"].default}), registry)
        context = replace(
            site,
            settings=settings,
            plugins=registry.plugins,
            plugin_settings={
                plugin: schema.model_validate(
                    {name.removeprefix(f"{plugin}_"): v for name, v in values.items() if name.startswith(f"{plugin}_")}
                )
                for plugin, schema in PLUGINS.items()
            },
        )
        return [*check_settings(settings), *check_deployment(settings), *check_plugins(context)]

    registry = load_registry(make_settings())
    return find


def test_a_hardened_site_raises_no_doubt(find):
    assert [str(message) for message in find({})] == []


@pytest.mark.parametrize(("code", "weakening"), WEAKENED)
def test_each_weakened_setting_is_called_out_by_its_code_and_by_no_other(find, code, weakening):
    (message,) = find(weakening)
    assert message.id == code
    assert message.hint
    for secret in (PASSWORD, "hunter2", HARDENED["secret_key"].get_secret_value()):
        assert secret not in str(message)


@pytest.mark.parametrize(
    "harmless",
    [
        {"secret_key": SecretStr("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c")},  # hexadecimal
        {"secret_key": SecretStr("pZ3xq-Lk0sVt_W8mYb2Nf7RdHc5JgQe1UaOi4TzXyPw6")},
        {"database_url": "postgresql://ada@localhost/site"},
        {"database_url": "postgresql://ada@/site?host=/run/postgresql"},
        {"database_url": DATABASE.format(PASSWORD).replace("verify-full", "require")},
        {"auth_email_host": "localhost", "auth_email_security": "none"},
        {"allowed_hosts": ("*.example.co.uk", "*.shop.github.io")},
        {"trusted_proxies": ("unix", "127.0.0.1")},
    ],
)
def test_what_is_as_it_should_be_raises_no_doubt(find, harmless):
    assert find(harmless) == []


def test_files_with_secrets_that_everybody_can_read_are_doubtful(find, tmp_path):
    (tmp_path / "var").mkdir()
    for path in (tmp_path / ".env", tmp_path / "var" / "secret_key"):
        path.write_text("SECRET_KEY=x")
        path.chmod(0o644)
    assert [message.id for message in find({})] == ["kernel.W037"] * 2
    (tmp_path / ".env").chmod(0o640)
    (tmp_path / "var" / "secret_key").chmod(0o600)
    assert find({}) == []


def test_a_password_of_a_superuser_that_can_be_guessed_is_doubtful(find, monkeypatch):
    monkeypatch.setenv("SUPERUSER_USERNAME", "lovelace")
    for password in ("Password123", "lovelace1"):
        monkeypatch.setenv("SUPERUSER_PASSWORD", password)
        (message,) = find({})
        assert message.id == "auth.W011"
        assert password not in str(message)
    monkeypatch.setenv("SUPERUSER_PASSWORD", PASSWORD)
    assert find({}) == []


def test_more_connections_than_the_server_takes_are_doubtful():
    facts = PoolFacts(
        database="postgresql", pool_size=30, max_overflow=0, pool_timeout=2, workers=4, max_connections=100
    )
    (message,) = check_room(facts)
    assert message.id == "kernel.W052"
    assert "120" in message.message
    assert list(check_room(replace(facts, workers=3))) == []


def codes_in_the_code() -> set[str]:
    sources = [path for folder in ("dovetail", "plugins") for path in (ROOT / folder).rglob("*.py")]
    return {code for path in sources for code in re.findall(r'"([a-z]+\.[EWI]\d{3})"', path.read_text("utf-8"))}


def rows_of_the_page() -> Iterator[tuple[str, str]]:
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    yield from re.findall(r"^\| `([a-z]+\.[EWI]\d{3})` \| (.+) \|$", text, re.MULTILINE)


def test_the_page_of_the_checks_lists_every_code_once_and_no_other():
    listed = [code for code, _ in rows_of_the_page()]
    assert sorted(listed) == sorted(codes_in_the_code() - {"shop.W001"})


def test_every_check_of_a_setting_is_tested_by_weakening_it():
    auth = ("dovetail/contrib/auth/checks.py", "dovetail/contrib/auth/providers/checks.py")
    files = (*auth, "dovetail/contrib/auth/factors/checks.py", "dovetail/contrib/admin/checks/production.py")
    sources = [
        *map(ROOT.joinpath, files),
        *(ROOT / "dovetail/cli/checks").glob("deployment*.py"),
        ROOT / "plugins/comments/checks.py",
    ]
    codes = {code for path in sources for code in re.findall(r'"([a-z]+\.[EWI]\d{3})"', path.read_text("utf-8"))}
    assert len(codes) >= 45
    assert codes - {"shop.W001"} == {code for code, _ in WEAKENED} | APART
