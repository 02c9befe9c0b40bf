"""Settings come from the environment and `.env`; what is wrong is said by name, and secrets are never shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from dovetail.application import site_application
from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import ConfigurationError
from dovetail.registry import load_registry
from dovetail.settings import Settings, load_plugin_settings, load_settings, secrets_to_read_with

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Read the settings with `dotenv` as the site's `.env` and nothing but keyword arguments in the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def load(dotenv: str = "", encoding: str = "utf-8", **variables: str) -> Settings:
        (tmp_path / ".env").write_text(dotenv, encoding)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        class Site(Settings):
            model_config = SettingsConfigDict(env_file=tmp_path / ".env")

            base_dir: Path = tmp_path
            plugins: tuple[str, ...] = ("dovetail.contrib.auth",)

        return load_settings(Site)

    return load


def problem(load: Callable[..., Settings], dotenv: str = "", **variables: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(dotenv, **variables)
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_a_fresh_clone_needs_no_settings(load):
    settings = load()
    assert settings.environment == "development"
    assert settings.debug
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///var/dovetail.sqlite3"


def test_dotenv_is_read_and_the_environment_wins(load):
    settings = load("SITE_NAME=From the file\nLOG_LEVEL=ERROR\n", SITE_NAME="From the environment")
    assert settings.site_name == "From the environment"
    assert settings.log_level == "ERROR"


def test_variables_of_others_are_of_no_concern(load):
    assert load("POSTGRES_PASSWORD=x\nSITE_NAME=Mine\n", UNKNOWN="y").site_name == "Mine"


@pytest.mark.parametrize(
    ("dotenv", "line"),
    [('# mine\n\nSECRET_KEY="hidden\nSITE_NAME=x\n', 3), ("SITE_NAME=x\nthis hidden = is none\n", 2)],
)
def test_a_line_of_dotenv_that_cannot_be_read_is_named_and_not_shown(load, dotenv, line):
    text = problem(load, dotenv)
    assert f".env, line {line}: expected NAME=value" in text
    assert "hidden" not in text


def test_a_dotenv_that_windows_wrote_is_read_if_it_is_utf_8_and_refused_if_not(load):
    assert load("\ufeffSITE_NAME=Größe\r\n").site_name == "Größe"
    assert ".env is not UTF-8" in problem(load, "SITE_NAME=Größe\r\n", encoding="utf-16")


def test_plugins_are_replaced_by_a_json_list(load):
    assert load().plugins == ("dovetail.contrib.auth",)
    assert load(PLUGINS='["plugins.blog", "shop"]').plugins == ("plugins.blog", "shop")


def test_plugins_that_are_no_json_list_are_refused_by_name(load):
    assert "PLUGINS is not valid JSON" in problem(load, PLUGINS="plugins.blog")


@pytest.mark.parametrize("text", ["a.example, b.example", '["a.example", "b.example"]', "a.example,b.example,"])
def test_hosts_are_names_with_commas_or_a_json_list(load, text):
    assert load(ALLOWED_HOSTS=text).allowed_hosts == ("a.example", "b.example")


def test_a_list_that_is_cut_off_is_refused_by_name(load):
    assert "ALLOWED_HOSTS: expected names with commas" in problem(load, ALLOWED_HOSTS='["a.example"')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "many"),
        ("DATABASE_MAX_OVERFLOW", "-1"),
        ("DATABASE_POOL_TIMEOUT", "0"),
        ("DATABASE_ECHO", "perhaps"),
        ("MAX_BODY_SIZE", "-5"),
    ],
)
def test_a_value_that_is_wrong_is_refused_by_name(load, name, value):
    assert f"{name}: " in problem(load, **{name: value})


def test_all_values_that_are_wrong_are_named_at_once(load):
    text = problem(load, LOG_LEVEL="LOUD", DATABASE_POOL_SIZE="0", ENVIRONMENT="staging")
    assert all(f"{name}: " in text for name in ("LOG_LEVEL", "DATABASE_POOL_SIZE", "ENVIRONMENT"))


def test_production_needs_a_secret(load):
    assert "SECRET_KEY has 0 characters, expected 32 or more" in problem(load, ENVIRONMENT="production")
    assert load(ENVIRONMENT="production", SECRET_KEY=SECRET).debug is False


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_short_secret_is_refused_and_not_shown(load, environment):
    text = problem(load, ENVIRONMENT=environment, SECRET_KEY="too-short-but-secret")
    assert "SECRET_KEY has 20 characters" in text
    assert "too-short" not in text


def test_earlier_secrets_are_long_enough_too_and_shown_nowhere(load):
    settings = load(SECRET_KEY=SECRET, SECRET_KEY_FALLBACKS=f'["{"e" * 32}"]')
    assert secrets_to_read_with(settings.secret_key) == (SECRET, "e" * 32)
    assert "eeee" not in f"{settings!r} {settings.secret_key!r} {settings.model_dump_json()}"
    text = problem(load, SECRET_KEY=SECRET, SECRET_KEY_FALLBACKS='["too-short-but-secret"]')
    assert "SECRET_KEY_FALLBACKS: one is shorter than 32 characters" in text
    assert "too-short-but-secret" not in text


def test_a_developers_machine_makes_one_secret_and_keeps_it_to_its_owner(load, tmp_path):
    first, second = load(), load()
    assert first.secret_key == second.secret_key
    assert len(first.secret_key.get_secret_value()) >= 32
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_machine_that_cannot_keep_a_secret_is_asked_for_one(load, tmp_path):
    (tmp_path / "var").write_text("no folder")
    assert "SECRET_KEY is not set, and none can be kept" in problem(load)
    assert load(SECRET_KEY=SECRET).secret_key.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h:5432/d?ssl=require", "postgresql+asyncpg://u:p@h:5432/d?ssl=require"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("sqlite:///var/site.sqlite3", "sqlite+aiosqlite:///var/site.sqlite3"),
        ("sqlite+aiosqlite:///:memory:", "sqlite+aiosqlite:///:memory:"),
    ],
)
def test_database_urls_get_the_driver_that_dovetail_uses(load, given, used):
    assert load(DATABASE_URL=given).database_url.get_secret_value() == used


@pytest.mark.parametrize("url", ["mysql://u:hidden@h/d", "postgresql+psycopg2://u:hidden@h/d", "hidden", ""])
def test_another_database_is_refused_without_showing_the_url(load, url):
    text = problem(load, DATABASE_URL=url)
    assert "DATABASE_URL: expected" in text
    assert "hidden" not in text


def test_secrets_are_in_no_text_that_settings_become(load):
    settings = load(SECRET_KEY=SECRET, DATABASE_URL="postgresql://ada:hidden@host/site")
    texts = [repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump()), f"{settings}"]
    assert not any(secret in text for text in texts for secret in (SECRET, "hidden"))


def test_settings_do_not_change(load):
    with pytest.raises(Exception, match="frozen"):
        load().site_name = "Other"


class ShopSettings(BaseModel):
    """The settings of a plugin as its author writes them."""

    currency: str = "EUR"
    limit: int = 10
    payment_key: SecretStr = SecretStr("")


def test_a_plugin_reads_its_settings_under_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_CURRENCY", "CHF")
    monkeypatch.setenv("CURRENCY", "USD")
    (tmp_path / ".env").write_text("SHOP_LIMIT=3\nSHOP_CURRENCY=GBP\nOTHER=1\n")
    values = load_plugin_settings(ShopSettings, "SHOP_", tmp_path)
    assert isinstance(values, ShopSettings)
    assert (values.currency, values.limit) == ("CHF", 3)


def test_a_plugin_reads_a_variable_that_it_names_itself_where_none_has_its_prefix(tmp_path, monkeypatch):
    class PaidShop(BaseModel):
        key: str = Field("", validation_alias="PAYMENT_KEY")

    assert load_plugin_settings(PaidShop, "PAID_SHOP_", tmp_path).key == ""
    monkeypatch.setenv("PAYMENT_KEY", "of the bank")
    assert load_plugin_settings(PaidShop, "PAID_SHOP_", tmp_path).key == "of the bank"


def test_defaults_of_a_plugin_are_looked_at_where_no_variable_has_its_prefix(tmp_path):
    class Shop(BaseModel):
        limit: int = Field("many", gt=0)

    with pytest.raises(ConfigurationError, match="SHOP_LIMIT: "):
        load_plugin_settings(Shop, "SHOP_", tmp_path)


def test_a_plugin_reads_the_files_that_its_site_names_of_which_the_last_one_wins(tmp_path):
    class Site(Settings):
        model_config = SettingsConfigDict(env_file=(tmp_path / "site.env", tmp_path / ".env"))

        base_dir: Path = tmp_path

    (tmp_path / "site.env").write_text("SITE_NAME=Shop\nSHOP_LIMIT=3\nSHOP_CURRENCY=GBP\n")
    (tmp_path / ".env").write_text("SHOP_CURRENCY=CHF\n")
    site = load_settings(Site)
    shop = load_plugin_settings(ShopSettings, "SHOP_", site.base_dir, site.dotenv_files())
    assert (site.site_name, shop.currency, shop.limit) == ("Shop", "CHF", 3)
    (tmp_path / "site.env").write_text("SHOP_CURRENCY='unclosed\n")
    with pytest.raises(ConfigurationError, match=r"site\.env, line 1: expected NAME=value"):
        load_settings(Site)


def test_a_plugins_wrong_setting_is_named_and_its_secrets_are_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_LIMIT", "hidden")
    with pytest.raises(ConfigurationError, match="SHOP_LIMIT: ") as caught:
        load_plugin_settings(ShopSettings, "SHOP_", tmp_path)
    assert "hidden" not in caught.value.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_THROTTLE_LOGIN", "{}"),
        ("AUTH_SCHEMES", "{}"),
        ("AUTH_API_KEY_HEADER", "a header {}"),
        (
            "AUTH_PASSWORD_RULES",
            '[{{"rule": "dovetail.contrib.auth.password_rules.length.Length", "options": {{"a": "{}"}}}}]',
        ),
        ("AUTH_PROVIDERS", '[{{"name": "own", "kind": "oidc", "{}": 1}}]'),
        ("ADMIN_IMAGE_HOSTS", "https://{}"),
    ],
    ids=str,
)
def test_a_secret_in_a_wrong_variable_is_not_told_in_full_nor_is_a_long_value(tmp_path, monkeypatch, name, value):
    prefix, schema = ("AUTH_", AuthSettings) if name.startswith("AUTH_") else ("ADMIN_", AdminSettings)
    for pasted in ("S3cr3t" * 10, "S3cr3t" * 20_000):
        monkeypatch.setenv(name, value.format(pasted))
        with pytest.raises(ConfigurationError, match=f"{name}: ") as caught:
            load_plugin_settings(schema, prefix, tmp_path)
        assert "S3cr3t" * 9 not in caught.value.detail
        assert len(caught.value.detail) < 2_000


def test_the_path_of_a_function_or_a_plugin_that_is_none_is_not_told_in_full(load):
    pasted = "S3cr3t/" * 10_000
    with pytest.raises(ConfigurationError, match="APPLICATION_FACTORY='S3cr3t/") as caught:
        site_application(load(APPLICATION_FACTORY=pasted))
    assert len(caught.value.detail) < 500
    with pytest.raises(ConfigurationError, match="expected the path of a package") as caught:
        load_registry(load(PLUGINS=f'["{pasted}"]'))
    assert len(caught.value.detail) < 500


def test_proxies_are_addresses_networks_a_unix_socket_or_everybody(load):
    found = load(TRUSTED_PROXIES="127.0.0.1, ::1, 10.0.0.0/8, fd00::/8, unix").trusted_proxies
    assert found == ("127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "unix")
    assert load(TRUSTED_PROXIES="*").trusted_proxies == ("*",)
    assert load(TRUSTED_PROXIES="").trusted_proxies == ()


@pytest.mark.parametrize(
    "wrong", ["proxy.local", "10.0.0.5/8", "10.0.0.0/33", "10.0.0.5:80", "*, 10.0.0.5", "http://10.0.0.5"]
)
def test_what_no_peer_could_be_is_no_proxy(load, wrong):
    assert problem(load, TRUSTED_PROXIES=wrong).startswith("The settings are not usable: TRUSTED_PROXIES: ")
