"""`manage.py createtoken`: the token alone on the standard output, or one line that says what is wrong."""

import re

import pytest

from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.contrib.auth.users import create_user
from tests import outside
from tests.running import manage

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def run(settings, database_url):
    async def make(session):
        await create_user(session, username="eddie", email="eddie@example.org", password=None)
        await create_user(session, username="gone", email="gone@example.org", password=None, is_active=False)

    outside.run_async(settings, make)
    return lambda *arguments: manage("createtoken", *arguments, DATABASE_URL=database_url)


def test_the_token_is_the_only_output_on_standard_output(run, settings):
    made = run("eddie", "--scope", "blog.view_post", "--scope", "blog.add_post", "--expires", "12h", "--name", "ci")
    assert made.code == 0, made.stderr
    assert re.fullmatch(r"dvt_[0-9A-Za-z]{49}\n", made.stdout)
    assert "A token of eddie, until " in made.stderr

    async def look(session):
        row = await session.get_one(PersonalToken, 1)
        return row.name, row.is_limited, (row.expires_at - row.created_at).total_seconds()

    assert outside.run_async(settings, look) == ("ci", True, 12 * 3600)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("eddie",), "name what the token may do, --scope blog.add_post, or say --unlimited"),
        (("eddie", "--scope", "blog.add_post", "--unlimited"), "or say --unlimited"),
        (("eddie", "--scope", "blog.ad_post"), "did you mean blog.add_post?"),
        (("nobody", "--unlimited"), "There is no user 'nobody'."),
        (("gone", "--unlimited"), "gone is deactivated"),
        (
            ("eddie", "--unlimited", "--expires", "soon"),
            "Invalid value for --expires: 'soon' is no time, expected days or hours: 30d, 12h",
        ),
        (("eddie", "--unlimited", "--expires", "367d"), "longer than 366d, AUTH_PERSONAL_TOKEN_DAYS"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ",
)
def test_mistakes_are_reported_and_no_token_is_created(run, arguments, message):
    refused = run(*arguments)
    assert refused.code != 0
    assert message in " ".join(refused.stderr.split()), refused.stderr
    assert refused.stdout == ""
