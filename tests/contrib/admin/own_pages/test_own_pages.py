"""A plugin's own pages look and work as the others: a title, a way back, messages, a form, for whom they are."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import expect
from pydantic import SecretStr
from sqlalchemy import delete, select

from dovetail.application import make_application
from dovetail.contrib.admin.entry import kept_forms
from dovetail.contrib.admin.models import KeptForm
from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.admin.views import AdminPage
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.models import Session
from dovetail.errors import ConfigurationError
from dovetail.testing.fixtures import TEST_SECRET_KEY
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.entry.test_lost_sessions import log_in as log_in_after
from tests.contrib.admin.own_pages.bureau.admin import AnnouncePage

BUREAU = "tests.contrib.admin.own_pages.bureau"


@pytest.fixture(params=["sqlite"])
def database_kind(request) -> str:
    """One is enough: docs/back-office-pages.md tries its pages on both."""
    return request.param


@pytest.fixture
def database_url(database_kind, settings_class, _databases):
    with _databases.migrated(database_kind, settings_class) as url:
        yield url


@pytest.fixture
def settings(make_settings, settings_class, database_url):
    plugins = (*settings_class.model_fields["plugins"].default, BUREAU)
    return make_settings(database_url=database_url, plugins=plugins)


async def test_a_page_without_a_model_is_for_those_who_are_permitted_and_takes_a_form(
    office, make_user, back_office_for, database
):
    page = await office.get("/announce")
    assert page.status_code == 200
    way = re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", "", page.text.partition('class="breadcrumb"')[2].partition("</ol>")[0])
    )
    assert way.endswith("Bureau ")
    assert "<p>Be brief.</p>" in page.text
    assert '<h1 class="page-title">Announce</h1>' in page.text
    assert page.text.count('value="Hello"') == 1

    wrong = await office.submit("/announce", {"words": "x" * 21, "loudness": "loud", "twice": "y"})
    assert wrong.status_code == 400
    assert 'aria-describedby="hint-field-words errors-field-words" aria-invalid="true"' in wrong.text.replace("\n", " ")
    assert "Field cannot be longer than 20 characters." in wrong.text
    assert 'value="loud" checked' in wrong.text
    sent = await office.submit("/announce", {"words": "Tea", "audience": "staff", "twice": "y"})
    assert sent.status_code == 303
    assert "Announced: Tea, low, staff, True" in (await office.get("/announce")).text
    forged = await office.client.post("/admin/announce", data={"words": "Tea"})
    assert forged.status_code == 403

    editor = await make_user(username="editor", is_staff=True)
    visitor = await back_office_for(editor)
    assert (await visitor.get("/announce")).status_code == 403
    assert "Announce" not in (await visitor.get("/")).text
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, editor.id), ["blog.change_post"])
    assert (await visitor.get("/announce")).status_code == 200


def test_an_option_or_a_template_that_there_is_not_is_refused(settings, monkeypatch):
    with pytest.raises(TypeError, match=r"permission_require is no option of AdminPage; did you mean permission_requi"):
        type("OddPage", (AdminPage,), {"permission_require": "blog.change_post"})
    monkeypatch.setattr(AnnouncePage, "template", "bureau/none.html")
    with pytest.raises(ConfigurationError, match=r"template is 'bureau/none.html', which is no template of the site"):
        make_application(settings)


@pytest.mark.browser
async def test_the_dashboard_and_a_page_of_ones_own_in_a_browser(app, browser_page, boss, session):
    post = Post(title="Old", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    session.add(Comment(content="Is it so?", post_id=post.id, author_id=boss.id))
    await session.commit()
    page = browser_page
    await log_in(page, "/admin/", "Welcome")
    chart = page.get_by_role("region", name="Posts a day")
    await expect(chart.get_by_role("img", name=re.compile(r"^Posts a day: 1 in all, 1 at most"))).to_be_visible()
    table = chart.get_by_role("table")
    await expect(table).to_be_hidden()
    await chart.get_by_text("As a table").focus()
    await page.keyboard.press("Enter")
    await expect(table.get_by_role("row")).to_have_count(31)
    assert await findings(page) == []
    await page.get_by_role("link", name="Comments waiting: 1").click()
    await expect(page.get_by_role("row", name="Is it so?")).to_be_visible()
    await page.get_by_role("navigation", name="Menu").get_by_role("link", name="Announce").click()
    await expect(page.get_by_role("heading", name="Announce")).to_be_visible()
    assert await findings(page) == []
    await page.get_by_label("Words").fill("")
    await page.get_by_role("button", name="Announce").click()
    await expect(page.get_by_label("Words")).to_be_focused()
    await page.get_by_label("Words").fill("Tea")
    await page.get_by_label("Loud", exact=True).check()
    await page.get_by_role("button", name="Announce").click()
    await expect(page.get_by_role("alert")).to_contain_text("Announced: Tea, loud, all, False")


@pytest.mark.browser
async def test_the_first_mistake_in_the_form_of_an_action_has_the_focus(app, browser_page, boss, session):
    session.add(Post(title="Old", content="x", author_id=boss.id))
    await session.commit()
    await log_in(browser_page, "/admin/bureau/notice/", "Posts")
    await browser_page.get_by_label("Select Old").check()
    await browser_page.get_by_role("button", name="Retitle").click()
    await browser_page.get_by_label("New title").fill("new")
    await browser_page.get_by_role("button", name="Retitle").click()
    await expect(browser_page.get_by_text("Begin with A to Z.")).to_be_visible()
    await expect(browser_page.get_by_label("New title")).to_be_focused()
    await browser_page.get_by_label("New title").fill("New")
    await browser_page.get_by_role("button", name="Retitle").click()
    await expect(browser_page.get_by_role("row", name="New")).to_be_visible()


@pytest.mark.browser
async def test_the_menu_of_a_site_without_a_list_of_views_is_one_line_above_the_page(app, browser_page, boss):
    await log_in(browser_page, "/admin/account/", "Your account")
    menu = browser_page.get_by_role("navigation", name="Menu")
    await menu.evaluate(
        """menu => { menu.classList.remove("navbar-vertical"); menu.querySelector(".navbar-nav").remove(); }"""
    )
    for width in (1300, 992, 800, 390):
        await browser_page.set_viewport_size({"width": width, "height": 800})
        box = await menu.bounding_box()
        assert box is not None
        assert box["height"] < 80, width


async def test_the_form_of_a_page_comes_back_after_the_login_until_it_is_sent_again(office, session):
    form = read_form((await office.get("/announce")).text)
    await session.execute(delete(Session))
    await session.commit()
    typed = {"words": "Typed", "loudness": "loud", "audience": "all", "pin": "1234"}  # as a browser chooses
    picture = {"picture": ("cat.png", b"x")}
    late = await office.client.post("/admin/announce", data={**form, **typed}, files=picture)
    back = (await log_in_after(office.client, late.headers["location"])).headers["location"]
    (token,) = parse_qs(urlsplit(back).query)["kept"]
    stored = await session.scalar(select(KeptForm.sealed))
    await session.commit()
    stored_names = kept_forms._unsealed(SecretStr(TEST_SECRET_KEY), token, str(stored)).keys()
    assert (set(stored_names), "pin" in form) == ({"words", "loudness", "audience", "picture"}, True)
    page = await office.client.get(back)
    kept = read_form(page.text)
    assert "cat.png was not saved. Choose it again." in page.text
    wrong = await office.client.post(back, data={**kept, "words": "x" * 21}, files=picture)
    assert (wrong.status_code, "cat.png was not saved. Choose it again." in wrong.text) == (400, True)
    forged = await office.client.post("/admin/announce", data={**kept, "words": "", "picture": "not kept: a.png"})
    assert (forged.status_code, "a.png was not saved" in forged.text) == (400, True)
    assert "This is what you had typed. Nothing was done yet" in page.text
    assert (kept["words"], kept["loudness"], "data-unsaved" in page.text) == (["Typed"], ["loud"], True)
    sent = await office.client.post(back, data=kept)
    after = await office.client.get(sent.headers["location"])
    assert "Announced: Typed, loud, all, False" in after.text
    assert read_form(after.text)["words"] == ["Hello"]


async def test_a_form_with_a_url_of_its_own_comes_back_on_its_page_until_it_is_sent_again(office, session):
    form, from_board = read_form((await office.get("/board")).text), {"Referer": f"{ORIGIN}/admin/board"}
    await session.execute(delete(Session))
    await session.commit()
    lost = await office.client.post("/admin/board/pin", data={**form, "words": "Tea"}, headers=from_board)
    back = (await log_in_after(office.client, lost.headers["location"])).headers["location"]
    page = await office.client.get(back)
    assert (urlsplit(back).path, read_form(page.text)["words"]) == ("/admin/board", ["Tea"])
    assert 'name="colour" type="text" value="red"' in page.text  # the other form is as it was
    sent = await office.client.post("/admin/board/pin", data=read_form(page.text), headers=from_board)
    assert "Pinned: Tea" in (await office.client.get(sent.headers["location"])).text
    assert read_form((await office.client.get(back)).text)["words"] == [""]
    elsewhere = {"Referer": f"{ORIGIN}/admin/blog/post/"}
    await session.execute(delete(Session))
    await session.commit()
    lost = await office.client.post("/admin/board/pin", data={**form, "words": "Tea"}, headers=elsewhere)
    assert "kept" not in lost.headers["location"]
