"""The first page shows figures, charts and lists of plugins, each by the policies, and works without them."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from dovetail.application import make_application
from dovetail.contrib.admin.dashboard import dashboard
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.errors import ConfigurationError
from dovetail.testing.fixtures import running
from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.dashboard.wrong.plugin import WRONG

BOARD = "tests.contrib.admin.dashboard.board"
SORRY = "This could not be shown this time."


@pytest.fixture
def database_url(database_kind, settings_class, _databases):
    """That of the site: the plugin brings no tables."""
    with _databases.migrated(database_kind, settings_class) as url:
        yield url


@pytest.fixture
def settings(make_settings, settings_class, database_url):
    plugins = (*settings_class.model_fields["plugins"].default, BOARD)
    settings = make_settings(database_url=database_url, plugins=plugins)
    # One connection for the back office: a page that kept it while a widget waits for another would wait in vain.
    return settings.model_copy(update={"database_pool_size": 1, "database_max_overflow": 1})


@pytest.fixture
async def posts(session, boss, make_user):
    ada = await make_user(username="ada")
    today = datetime.now(UTC)
    rows = [
        Post(title="Old", content="x", author_id=ada.id, is_published=True, created_at=today - timedelta(days=2)),
        Post(title="New", content="x", author_id=ada.id, is_published=True, created_at=today),
        Post(title="A draft", content="x", author_id=boss.id, created_at=today),
    ]
    session.add_all(rows)
    await session.flush()
    states = (CommentStatus.PENDING, CommentStatus.PENDING, CommentStatus.APPROVED)
    session.add_all(
        [Comment(content=f"{n}", post_id=rows[0].id, author_id=ada.id, status=s) for n, s in enumerate(states)]
    )
    await session.commit()
    return rows


@pytest.fixture
async def staff_for(make_user, back_office_for, database):
    async def make(name: str, *permissions: str):
        user = await make_user(username=name, is_staff=True)
        async with database.unit_of_work() as session:
            await grant(session, await session.get_one(User, user.id), permissions)
        return await back_office_for(user)

    return make


def shown(page: str) -> dict[str, str]:
    """The texts of the widgets of a page, by title."""
    parts = re.split(r'<section class="col-[^"]*" aria-labelledby="widget-\d+">', page)[1:]
    texts = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part.partition("</section>")[0])).strip() for part in parts]
    titles = [re.search(r'id="widget-\d+">([^<]*)<', part)[1] for part in parts]
    return {title: text.removeprefix(title).strip() for title, text in zip(titles, texts, strict=True)}


async def test_widgets_show_what_the_policies_let_each_see_and_a_page_is_whole_whatever_becomes_of_them(
    office, posts, staff_for, count_statements, caplog
):
    caplog.set_level(logging.ERROR, "dovetail.admin")
    with count_statements() as first:
        page = (await office.get("/")).text
    told = shown(page)
    assert told["Comments waiting"] == "2"
    assert 'href="/admin/comments/comment/?status=pending" aria-label="Comments waiting: 2"' in page
    assert told["Posts, up to two"] == "2+"
    assert told["Your posts"] == "1"
    assert "in use" in str(list(told))
    assert f'href="/admin/blog/post/{posts[2].id}/">A draft</a>' in page
    assert "Old" not in told["Latest posts"]
    today, before = datetime.now(UTC).date(), datetime.now(UTC).date() - timedelta(days=2)
    assert f"{today} 2" in told["Posts a day"]
    assert f"{before} 1" in told["Posts a day"]
    assert told["Posts a day"].partition("As a table")[2].count(" 0 ") == 28
    assert page.count("<rect ") == 30
    assert "approved 1 pending 2" in told["Comments by state"]
    assert "<polyline " in page
    assert [title for title, text in told.items() if text == SORRY] == ["Slow", "Broken", "Odd", "Torn"]
    assert "secret" not in page
    assert "Half of it" not in page
    assert "Secrets" not in told  # nobody may read the column
    assert len([one for one in caplog.records if "The widget" in one.message]) == 4
    assert "</html>" in page

    with count_statements() as second:
        assert shown((await office.get("/")).text) == told
    asked = [one for one in first if "statement_timeout" not in one.lower()]
    again = [one for one in second if "statement_timeout" not in one.lower()]
    assert len(asked) - len(again) == 10  # one for each that asks the database, but for the one that raised before it

    # Others see what is theirs, of nothing that somebody else was shown.
    reader = shown((await (await staff_for("reader", "blog.view_post")).get("/")).text)
    assert "Comments waiting" not in reader
    assert "Comments by state" not in reader
    assert (told["Addresses"], reader["Addresses"]) == ("2", "1")  # everybody knows of themselves
    assert "Connections in use" not in reader
    assert reader["Your posts"] == "0"
    assert reader["Posts, up to two"] == "2+"
    nobody = shown((await (await staff_for("nobody")).get("/")).text)
    assert set(nobody) <= {"Your posts", "Addresses", "Odd"}
    moderator = await staff_for("moderator", "comments.moderate_comment", "comments.view_comment", "admin.view_pool")
    seen = shown((await moderator.get("/")).text)
    assert seen["Comments waiting"] == "2"
    assert "Latest posts" not in seen
    assert "of this process" in seen["Connections in use"]


async def test_the_page_of_a_plugin_shows_the_widgets_of_that_plugin(office, posts, monkeypatch):
    with monkeypatch.context() as patch:  # a page that has no time left for it says nothing of the next one
        patch.setattr(dashboard, "TIME", -1)
        assert shown((await office.get("/comments/")).text) == {"Comments waiting": SORRY}
    assert list(shown((await office.get("/blog/")).text)) == ["Posts a day"]
    assert shown((await office.get("/comments/")).text) == {"Comments waiting": "2"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_widgets_that_cannot_be_shown_are_refused_at_the_start_each_in_a_line(
    make_settings, settings_class, database_url
):
    plugins = (*settings_class.model_fields["plugins"].default, "tests.contrib.admin.dashboard.wrong")
    with pytest.raises(ConfigurationError) as refused:
        async with running(make_application(make_settings(database_url=database_url, plugins=plugins))):
            pass
    lines = str(refused.value).splitlines()
    assert [told for told in WRONG if not any(told in line for line in lines)] == []
    assert len(lines) == len(WRONG)
