"""The rules for new passwords are a list that a site may change, and every door and command obeys it."""

import json
import subprocess
import sys

import pytest

from dovetail.contrib.auth.accounts.password_validation import check_password
from dovetail.contrib.auth.password_rules.common import NotCommon, common_passwords
from dovetail.contrib.auth.password_rules.length import LONGEST, Length
from dovetail.contrib.auth.password_rules.rule import AccountDetails
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.errors import ConfigurationError, InvalidInputError
from dovetail.plugin import context_of
from dovetail.settings import load_plugin_settings
from tests.contrib.auth.helpers import ADA
from tests.running import manage

ROOM = "dovetail.contrib.auth.password_rules"


class NoColours:
    """A rule of a site."""

    def __init__(self, *, colours: list[str]) -> None:
        self.colours = colours

    def problems(self, password, about):
        yield from (f"{colour} is a colour." for colour in self.colours if colour in password)


def listed(*rules: object) -> str:
    return json.dumps(rules)


@pytest.mark.parametrize(
    ("second_factor", "known"),
    [
        (True, {"password", "qwertyuiop", "iloveyou"}),
        (False, {"1qaz2wsx3edc4rfv", "passwordpassword", "trueloveneverdies"}),
    ],
)
def test_ten_thousand_and_more_common_passwords_fit_each_length_that_the_rules_ask_for(second_factor, known):
    about = AccountDetails(has_second_factor=second_factor)
    fitting = {one for one in common_passwords() if len(one) <= LONGEST and not list(Length().problems(one, about))}

    assert len(fitting) > 13_000
    assert known <= fitting
    assert all(list(NotCommon().problems(one.upper(), about)) for one in sorted(fitting)[::100])
    assert {"dragon", "monkey"} <= common_passwords()  # of which longer ones are made


def test_the_list_is_read_when_it_is_needed_and_not_at_the_start():
    code = (
        "import config.asgi, sys; from dovetail.contrib.auth.password_rules.common import common_passwords;"
        "print(common_passwords.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["0"]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def colours(monkeypatch) -> None:
    rule = {"rule": f"{__name__}.NoColours", "options": {"colours": ["mauve"]}}
    monkeypatch.setenv("AUTH_PASSWORD_RULES", listed(rule))


async def test_a_site_lists_rules_of_its_own_with_options_and_leaves_others_out(colours, client):
    answer = await client.post("/api/auth/register", json=ADA | {"password": "mauve is allowed here"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"] == "mauve is a colour."

    assert (await client.post("/api/auth/register", json=ADA | {"password": "12345678"})).status_code == 201


async def test_whatever_the_rules_say_a_password_has_8_characters_and_at_most_128(colours, client):
    for password in ("7 chars", "x" * 129):
        answer = await client.post("/api/auth/register", json=ADA | {"password": password})
        assert answer.status_code == 422


async def test_a_short_password_is_reported_together_with_problems_found_by_rules(colours, session):
    with pytest.raises(InvalidInputError, match=r"expected 8 or more\. mauve is a colour"):
        check_password("mauve", username="ada", email="", context=context_of(session))


def test_commands_obey_the_rules_of_the_site(colours, database_url):
    given = {"SUPERUSER_USERNAME": "boss", "SUPERUSER_EMAIL": "boss@example.org"}
    rules = listed({"rule": f"{ROOM}.length.Length", "options": {"minimum": 40}})
    settings = given | {"DATABASE_URL": database_url, "SUPERUSER_PASSWORD": PASSWORD, "AUTH_PASSWORD_RULES": rules}

    assert "expected 40 or more" in manage("createsuperuser", "--noinput", **settings).error


async def test_the_name_of_the_site_is_no_password(make_settings, database_url):
    from dovetail.application import make_application
    from dovetail.testing.fixtures import make_client, running

    settings = make_settings(database_url=database_url, site_name="Harbour Chronicle")
    async with running(make_application(settings)) as app, make_client(app) as client:
        answer = await client.post("/api/auth/register", json=ADA | {"password": "harbour chronicle"})

    assert "too similar to the name of this site" in answer.text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (listed(f"{ROOM}.length.Lenght"), "'dovetail.contrib.auth.password_rules.length.Lenght' is no password rule"),
        (listed("plugins.blog.rules.None"), "is no password rule: module 'plugins.blog' has no attribute"),
        (listed("builtins.dict"), "it has no method `problems`"),
        (listed({"rule": f"{ROOM}.length.Length", "options": {"minimun": 9}}), "does not take the options 'minimun'"),
        (listed({"rule": f"{ROOM}.length.Length", "options": {"minimum": 7}}), "minimum is 7, expected 8 to 128"),
        (listed({"name": f"{ROOM}.length.Length"}), "expected a JSON list"),
        ('{"rule": "x"}', "expected a JSON list"),
        ("Length", "not valid JSON"),
    ],
)
def test_a_misspelt_rule_is_reported_when_the_settings_are_read(monkeypatch, tmp_path, value, words):
    monkeypatch.setenv("AUTH_PASSWORD_RULES", value)
    with pytest.raises(ConfigurationError) as caught:
        load_plugin_settings(AuthSettings, "AUTH_", tmp_path)
    assert "AUTH_PASSWORD_RULES" in str(caught.value)
    assert words in str(caught.value)
