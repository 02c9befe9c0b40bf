"""Forms warn before what was typed is lost, keep drafts and show the first mistake, in a real Chromium."""

import pytest
from playwright.async_api import expect
from sqlalchemy import delete, select

from dovetail.contrib.auth.sessions.models import Session
from plugins.blog.models import Tag
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.leaving import asked_on_leaving

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


async def test_an_empty_form_is_typed_into_at_once_and_no_letter_is_a_shortcut(browser_page, make_user):
    await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, "/admin/blog/tag/add/", "New tag")
    await expect(browser_page.get_by_label("Name")).to_be_focused()
    await browser_page.keyboard.type("heron")
    await expect(browser_page.get_by_label("Name")).to_have_value("heron")


async def test_what_is_typed_survives_a_lost_session_and_is_left_after_a_warning(browser_page, make_user, session):
    await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, "/admin/blog/tag/add/", "New tag")
    name = browser_page.get_by_label("Name")
    await name.press_sequentially("half a tag")
    await expect(browser_page.get_by_text("A draft was saved.")).to_be_visible()

    assert await asked_on_leaving(browser_page) == "beforeunload"
    await expect(name).to_have_value("half a tag")

    # The session ends, and the browser with it.
    await session.execute(delete(Session))
    await session.commit()
    await log_in(browser_page, "/admin/blog/tag/add/", "New tag")
    await expect(name).to_have_value("")
    await browser_page.get_by_role("link", name="Go on with the draft").click()
    await expect(name).to_have_value("half a tag")

    # What is wrong has the focus.
    await name.fill("")
    await browser_page.get_by_role("button", name="Save", exact=True).click()
    await expect(name).to_be_focused()
    await name.fill("a whole tag")
    await browser_page.get_by_role("button", name="Save", exact=True).click()
    await expect(browser_page.get_by_text("a whole tag was saved.")).to_be_visible()
    assert await session.scalar(select(Tag.name)) == "a whole tag"
