"""The trash: what was deleted, by model and day, with what went along, and one click brings it back."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tests.contrib.history.test_pages import page_of


@pytest.fixture
async def post(boss, database) -> int:
    """A post that was deleted with two comments, and a tag that was too."""
    async with database.unit_of_work() as session:
        made, tag = Post(title="Green tea", content="Hot.", author_id=boss.id), Tag(name="cups")
        session.add_all([made, tag])
        await session.flush()
        session.add_all([Comment(post_id=made.id, author_id=boss.id, content=one) for one in ("a", "b")])
    for one in (made, tag):
        async with database.unit_of_work() as session:
            await session.delete(await session.get_one(type(one), one.id))
    return made.id


async def number_of(database, model: str) -> str:
    statement = select(RecordedChange.id).where(RecordedChange.model == model, RecordedChange.action == "delete")
    async with database.unit_of_work(read_only=True) as session:
        return str(await session.scalar(statement))


async def test_the_trash_finds_deletions_by_model_and_day_with_their_cascades_and_restores_them(  # noqa: PLR0917 - fixtures
    app, boss, post, back_office_for, database, count_statements
):
    office, trash = await back_office_for(boss), page_of(app, "view-trash")
    with count_statements() as many:
        page = (await office.get(trash)).text
    assert "Green tea" in page
    assert page.count("along with it Comments: 2") == 1
    assert page.count("it went along with Post Green tea") == 2  # as each of the comments says
    assert page.count(">Trash<") == 2  # the menu and the heading; the breadcrumbs above it do not repeat it
    assert "cups" in page
    with count_statements() as few:
        page = (await office.get(trash, model="blog.tag")).text
    assert len(many) == len(few)
    assert "cups" in page
    assert "Green tea" not in page
    assert "cups" in (await office.get(trash, day=f"{datetime.now(UTC):%Y-%m-%d}")).text
    assert "Nothing that was deleted" in (await office.get(trash, day="2020-01-31")).text
    assert "cups" in (await office.get(trash, day="9999-12-31")).text  # of which no zone has the end
    assert (await office.get(trash, day="no day", model="no.model", before="x")).status_code == 200
    answer = await office.submit(trash, {"change": await number_of(database, "blog.post")})
    assert answer.status_code == 303
    page = (await office.get(trash)).text
    assert "It was restored, with 3 changes in all." in page
    assert "Green tea" not in page
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Post, post)).title == "Green tea"
        assert len((await session.scalars(select(Comment).where(Comment.post_id == post))).all()) == 2
    again = await office.submit(trash, {"change": await number_of(database, "blog.post")})
    assert again.status_code == 404


async def test_the_trash_shows_what_the_user_may_see_and_restores_what_they_may_add(  # noqa: PLR0917 - fixtures
    app, boss, post, make_user, back_office_for, database
):
    staff, trash = await make_user(username="staff", is_staff=True), page_of(app, "view-trash")
    page = (await (await back_office_for(staff)).get(trash)).text
    assert "cups" not in page
    assert "Green tea" not in page
    assert f'href="/admin{trash}"' not in page  # there is nothing for them in it, so the menu does not lead there
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), ["blog.view_tag"])
    visitor = await back_office_for(staff)
    assert f'href="/admin{trash}"' in (await visitor.get(trash)).text
    assert "cups" not in (await visitor.get(trash)).text  # what posts it had decided who sees a tag
    async with database.unit_of_work() as session:
        await session.execute(
            update(RecordedChange).where(RecordedChange.model == "blog.tag").values(actor_id=staff.id)
        )
    page = (await visitor.get(trash)).text
    assert "cups" in page
    assert "Green tea" not in page
    assert ">Restore" not in page
    tag = await number_of(database, "blog.tag")
    assert (await visitor.client.post(f"{visitor.root}{trash}", data={"change": tag})).status_code == 403
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), ["blog.view_tag", "blog.add_tag"])
    visitor = await back_office_for(staff)
    assert ">Restore" in (await visitor.get(trash)).text
    assert (await visitor.submit(trash, {"change": await number_of(database, "blog.post")})).status_code == 404
    assert (await visitor.submit(trash, {"change": tag})).status_code == 303


async def test_deletions_that_are_too_old_are_not_in_the_trash(app, boss, post, back_office_for, database):
    async with database.unit_of_work() as session:
        await session.execute(update(RecordedChange).values(created_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert "Nothing that was deleted" in (await (await back_office_for(boss)).get(page_of(app, "view-trash"))).text


async def test_the_trash_and_the_history_show_dates_and_doors_in_the_language_of_the_page(
    app, boss, post, back_office_for
):
    office = await back_office_for(boss)
    office.client.headers["Accept-Language"] = "de"
    assert f">{datetime.now(UTC):%d.%m.%Y}</h2>" in (await office.get(page_of(app, "view-trash"))).text
    tag = await office.submit("/blog/tag/add/", {"name": "pots"})
    assert tag.status_code == 303
    listed = (await office.get("/blog/tag/")).text
    key = re.search(r"/blog/tag/(\d+)/", listed)[1]
    history = await office.get(page_of(app, "object-history", identity="blog/tag", pk=key))
    assert "Über Verwaltung (Sitzung" in history.text


async def test_an_object_with_a_secret_cannot_be_restored(app, boss, make_user, back_office_for, database):
    office, gone = await back_office_for(boss), await make_user(username="gone")
    asked = (await office.get(page_of(app, "delete", identity="auth/user", pk=gone.id))).text
    assert "This cannot be undone, not even in part: the history does not hold the secrets of these: users." in asked
    async with database.unit_of_work() as session:
        await session.delete(await session.get_one(User, gone.id))
    page = (await office.get(page_of(app, "view-trash"), model="auth.user")).text
    assert "gone" in page
    assert "Restore" not in page


@pytest.fixture(params=["unrecorded", "secret", "both recorded"])
def comments(app, request, monkeypatch) -> str:
    """What the history keeps of comments; it looks when the first change is made."""
    if request.param == "unrecorded":
        monkeypatch.setattr(Comment, "__history__", False, raising=False)
    elif request.param == "secret":
        monkeypatch.setitem(Comment.__table__.c.content.info, "secret", True)
    return request.param


async def test_the_page_before_a_deletion_says_what_an_undo_brings_back(comments, app, boss, back_office_for, database):
    async with database.unit_of_work() as session:
        post = Post(title="Tea", content="Hot.", author_id=boss.id)
        session.add(post)
        await session.flush()
        session.add(Comment(post_id=post.id, author_id=boss.id, content="a"))
    office, key = await back_office_for(boss), post.id
    asked = (await office.get(page_of(app, "delete", identity="blog/post", pk=key))).text
    told, limits = (
        re.search(r'<p class="mb-0">(?P<told>.*?)</p>', asked, re.DOTALL)["told"].strip(),
        {
            "unrecorded": "This can be undone for 30 days. "
            "These do not come back, since their changes are not recorded: comments.",
            "secret": "This cannot be undone, not even in part: "
            "the history does not hold the secrets of these: comments.",
            "both recorded": "This can be undone for 30 days.",
        },
    )
    assert told == limits[comments]
    await office.post(f"/blog/post/{key}/delete/", {"confirmed": "yes"})
    async with database.unit_of_work() as session:
        assert await session.get(Post, key) is None
    answer = await office.submit(page_of(app, "view-trash"), {"change": await number_of(database, "blog.post")})
    async with database.unit_of_work() as session:
        is_back, left = await session.get(Post, key) is not None, (await session.scalars(select(Comment))).all()
    assert (answer.status_code, is_back, len(left)) == (303, comments != "secret", comments == "both recorded")
