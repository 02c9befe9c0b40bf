"""A page of an object tells who else has it open, and its script renews that; nobody learns what they may not see."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.presence.models import Presence
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.current import CurrentSession
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.sessions.use import USE_LOGS
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.upkeep.expired import expired_of
from dovetail.plugin import context_of
from plugins.blog.models import Post
from tests.contrib.admin.shelf.models import Note

MAY = ("blog.view_post", "blog.change_post")


@pytest.fixture
async def staff_for(make_user, back_office_for, database):
    async def make(name: str, *permissions: str, is_superuser: bool = False):
        user = await make_user(username=name, is_staff=True, is_superuser=is_superuser)
        async with database.unit_of_work() as session:
            await grant(session, await session.get_one(User, user.id), permissions)
        return await back_office_for(user)

    return make


@pytest.fixture
async def post(session, boss) -> Post:
    made = Post(title="A post", content="x", author_id=boss.id)
    session.add(made)
    await session.commit()
    return made


def told(page: str) -> str:
    """The line of who else is here; nothing where it is hidden."""
    (found,) = re.findall(r'<p class="alert alert-info presence"[^>]*?(| hidden)>([^<]*)</p>', page)
    assert bool(found[0]) == (not found[1])
    return found[1]


async def test_pages_and_heartbeats_tell_who_else_is_here_for_constant_statements(
    office, post, staff_for, session, count_statements
):
    path = f"/blog/post/{post.id}/"
    ada = await staff_for("ada", *MAY, "auth.view_user")
    assert told((await office.get(f"{path}change/")).text) == ""
    assert (await ada.post(f"{path}presence/", {"editing": "1"})).json() == {"text": ""}  # of others, not of oneself
    since = r" since \d\d:\d\d\."
    for page in (path, f"{path}change/"):
        assert re.fullmatch(f"ada has been editing this{since}", told((await office.get(page)).text))

    token = await office.token()
    for number in range(8):
        await (await staff_for(f"reader{number}", *MAY)).post(f"{path}presence/", {"editing": "0"})
        with count_statements() as statements:
            answer = await office.client.post(f"/admin{path}presence/", data={"csrf_token": token, "editing": "1"})
        asked = [one for one in statements if "statement_timeout" not in one.lower()]
        assert len(asked) == 3, asked  # who is there, the note, the others
    text = answer.json()["text"]
    assert text.startswith("ada has been editing this since")
    assert text.count("has been looking at this since") == 4
    assert text.endswith("Others are here too.")

    # Who comes back after a minute has come anew; who leaves is gone at once, with what is over of theirs.
    of_ada = select(Presence).join(User, User.id == Presence.user_id).where(User.username == "ada")
    early = datetime.now(UTC) - timedelta(hours=1)
    await session.execute(update(Presence).values(since=early, expires_at=datetime.now(UTC)))
    await session.commit()
    assert told((await office.get(path)).text) == ""
    await ada.post(f"{path}presence/", {"editing": "0"})
    await session.commit()
    assert (await session.scalars(of_ada)).one().since > early
    assert "ada has been looking at this" in told((await office.get(path)).text)
    await session.commit()
    assert (await ada.post(f"{path}presence/", {"leave": "1"})).status_code == 200
    assert told((await office.get(path)).text) == ""
    await session.commit()
    assert (await session.scalars(of_ada)).all() == []
    assert await session.scalar(select(func.count()).select_from(Presence)) == 9


async def test_who_may_not_see_an_object_learns_nothing_and_who_may_not_see_users_no_names(
    office, boss, post, staff_for, session
):
    note = Note(title="Of the boss alone", writer_id=boss.id)
    session.add(note)
    await session.commit()
    mine, ours = f"/shelf/note/{note.id}/presence/", f"/blog/post/{post.id}/presence/"
    for path in (mine, ours):
        assert (await office.post(path, {"editing": "1"})).status_code == 200
    root = await staff_for("root", is_superuser=True)
    for path in (mine, "/shelf/note/999/presence/", "/shelf/note/none/presence/", f"/shelf/note/{'1' * 600}/presence/"):
        assert (await root.post(path, {"editing": "1"})).status_code == 404, path
    assert "boss has been editing" in (await root.post(ours, {"editing": "0"})).text

    bob, reader = await staff_for("bob", *MAY), await staff_for("reader", "blog.view_post")
    assert (await bob.post(mine, {"editing": "1"})).status_code == 403
    seen_by_bob = (await bob.post(ours, {"editing": "0"})).json()["text"]
    # The history names whoever saves, and so who edits is named.
    assert (
        re.sub(r" since \d\d:\d\d", "", seen_by_bob) == "boss has been editing this. Somebody has been looking at this."
    )
    assert (await reader.post(ours, {"editing": "1"})).status_code == 403
    await session.commit()
    rows = (await session.execute(select(Presence.kind, Presence.object_key, User.username).join(User))).all()
    seen = [("blog_post", str(post.id), name) for name in ("bob", "boss", "root")]
    assert sorted(map(tuple, rows)) == [*seen, ("shelf_note", str(note.id), "boss")]


async def test_a_heartbeat_keeps_no_session_alive_and_what_is_over_is_purged(app, office, post, session):
    token, before = await office.token(), datetime.now(UTC) - timedelta(minutes=6)
    await USE_LOGS.get(app)[CurrentSession].write()
    await session.execute(update(Session).values(used_at=before))
    await session.commit()
    sent = {"csrf_token": token, "editing": "1"}
    assert (await office.client.post(f"/admin/blog/post/{post.id}/presence/", data=sent)).status_code == 200
    await USE_LOGS.get(app)[CurrentSession].write()
    assert await session.scalar(select(Session.used_at)) == before
    await session.commit()
    ((_, _, is_over, _),) = [one for one in expired_of(context_of(session)) if one[1] is Presence]
    assert await session.scalar(select(func.count()).select_from(Presence).where(is_over(context_of(session)))) == 0
    await session.execute(update(Presence).values(expires_at=before))
    assert await session.scalar(select(func.count()).select_from(Presence).where(is_over(context_of(session)))) == 1


class TestWithoutHistory:
    @pytest.fixture
    def settings(self, settings):
        plugins = tuple(one for one in settings.plugins if one != "dovetail.contrib.history")
        return settings.model_copy(update={"plugins": plugins})

    async def test_who_edits_is_named_to_those_who_may_see_users_alone(self, office, post, staff_for):
        path = f"/blog/post/{post.id}/presence/"
        assert (await office.post(path, {"editing": "1"})).status_code == 200
        for name, more, told_name in (("bob", (), "Somebody"), ("eve", ("auth.view_user",), "boss")):
            answer = await (await staff_for(name, *MAY, *more)).post(path, {"editing": "0"})
            assert answer.json()["text"].startswith(f"{told_name} has been editing this since")


class TestOff:
    @pytest.fixture
    def settings(self, settings, monkeypatch):
        monkeypatch.setenv("ADMIN_PRESENCE", "false")
        return settings

    async def test_a_site_that_does_not_tell_asks_nothing(self, office, post, count_statements):
        path = f"/blog/post/{post.id}/"
        with count_statements() as statements:
            pages = [await office.get(path), await office.get(f"{path}change/")]
        assert not [one for one in statements if "admin_presence" in one]
        assert not [page for page in pages if "presence" in page.text]
        assert (await office.post(f"{path}presence/", {"editing": "1"})).status_code in {404, 405}


BEAT = "**/presence/"  # what a page tells once it is loaded, and then every 20 seconds: nobody waits for the next one


async def open_as(page: Page, name: str, path: str) -> None:
    await page.goto(path)
    await page.get_by_label("Username or e-mail address").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    async with page.expect_response(BEAT):
        await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="A post")).to_be_visible()


async def is_gone(session: AsyncSession, name: str) -> None:
    """Wait until the site has heard that somebody left, which a page says when it is closed."""
    of_them = select(func.count()).select_from(Presence).join(User, User.id == Presence.user_id)
    while await session.scalar(of_them.where(User.username == name)):
        await session.commit()
        await asyncio.sleep(0.02)
    await session.commit()


@pytest.mark.browser
async def test_two_who_open_one_object_in_two_browsers_see_each_other_come_edit_and_go(  # noqa: PLR0917 - fixtures
    app, browser_page: Page, boss, post, make_user, session
):
    await make_user(username="ada", is_superuser=True)
    await open_as(browser_page, "boss", f"/admin/blog/post/{post.id}/change/")
    mine = browser_page.locator("[data-presence]")
    await expect(mine).to_be_hidden()
    context = await browser_page.context.browser.new_context(base_url=browser_page.url.partition("/admin")[0])
    other = await context.new_page()
    await open_as(other, "ada", f"/admin/blog/post/{post.id}/")
    await expect(other.get_by_role("status").filter(has_text="boss has been editing this since")).to_be_visible()
    await browser_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as who comes back to it
    await expect(mine).to_contain_text("ada has been looking at this since")
    async with other.expect_response(BEAT):
        await other.get_by_role("link", name="Edit").click()
    await expect(other.get_by_label("Title")).to_be_visible()
    await expect(other.locator("[data-presence]")).to_be_visible()
    await browser_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(mine).to_contain_text("ada has been editing this since")
    await other.goto("/admin/")
    await expect(other.get_by_role("heading", name="Welcome, ada")).to_be_visible()
    await is_gone(session, "ada")
    await browser_page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(mine).to_be_hidden()
    async with other.expect_response(BEAT):
        await other.goto(f"/admin/blog/post/{post.id}/")
    theirs = other.locator("[data-presence]")
    await expect(theirs).to_contain_text("boss has been editing this since")
    await browser_page.context.set_offline(True)  # which would be told, too, that the post is gone
    await session.delete(post)
    await session.commit()
    await other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(theirs).to_be_hidden()  # who is at what is gone is no longer known
    await context.close()
