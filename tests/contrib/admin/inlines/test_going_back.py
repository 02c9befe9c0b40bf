"""Whoever goes back to a form finds what they typed, and never in the fields of another row, in a real Chromium."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import func, select

from dovetail.contrib.admin.models import FormDraft
from dovetail.testing.browser import PATIENCE
from plugins.blog.models import Tag
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.polls.models import Choice, Question

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]
OFFER = "You have a draft of this form"
TEXTS = "form => [...form.querySelectorAll('input[name$=choice_text]')].map((one) => one.value)"


@pytest.fixture
async def page(browser_page: Page, boss) -> Page:
    """Of a superuser who is logged in."""
    await log_in(browser_page, "/admin/", "Welcome")
    return browser_page


async def save(page: Page) -> None:
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.wait_for_url("**/question/")


async def go_back(page: Page) -> None:
    await page.go_back()
    await page.wait_for_load_state("load")


async def choices_on(page: Page) -> list[str]:
    return list(await page.locator("form[data-object-form]").evaluate(TEXTS))


async def fill_in(page: Page) -> None:
    """With four choices, of which a script added the last, and a moment."""
    await page.goto("/admin/polls/question/add/")
    await page.get_by_label("Question text").fill("What's up?")
    await page.get_by_text("Date information").click()
    await page.get_by_role("textbox", name="Pub date").fill("2026-01-02 03:04:05")
    await page.get_by_role("button", name="Add another choice").click()
    for number, text in enumerate(("one", "two", "three", "four")):
        await page.locator(f"[name=choice-{number}-choice_text]").fill(text)


async def until_there_is_a_draft(session) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await session.scalar(select(func.count()).select_from(FormDraft)):
            await session.commit()
            await asyncio.sleep(0.05)
    await session.commit()


async def test_what_was_sent_is_brought_back_with_the_rows_that_a_script_added(page, session):
    await fill_in(page)
    await save(page)
    await go_back(page)
    await expect(page.get_by_label("Question text")).to_have_value("")
    await expect(page.get_by_role("status").filter(has_text="a form that you had sent")).to_be_visible()
    await page.get_by_role("button", name="Bring back what I typed").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is what you had sent.")
    await expect(page.get_by_label("Question text")).to_have_value("What's up?")
    await expect(page.locator("[name=pub_date]")).to_have_value("2026-01-02 03:04:05")
    assert (await choices_on(page))[:4] == ["one", "two", "three", "four"]
    await page.get_by_label("Question text").fill("And now?")
    await save(page)
    assert (await session.scalars(select(Question.question_text).order_by(Question.id))).all() == [
        "What's up?",
        "And now?",
    ]
    assert await session.scalar(select(func.count()).select_from(FormDraft)) == 0


async def test_no_row_takes_the_place_of_one_that_was_deleted_before_its_author_went_back(page, session):
    await fill_in(page)
    await save(page)
    await page.get_by_role("link", name="What's up?", exact=True).click()
    await page.wait_for_url("**/change/")
    await page.locator("[name=choice-1-DELETE]").check()
    await page.locator("[name=choice-4-choice_text]").fill("five")
    await save(page)
    await go_back(page)
    assert [one for one in await choices_on(page) if one] == ["one", "three", "four", "five"]
    assert await page.locator("input[name$=DELETE]:checked").count() == 0
    await save(page)
    texts = (await session.scalars(select(Choice.choice_text).order_by(Choice.id))).all()
    assert texts == ["one", "three", "four", "five"]


async def test_a_form_that_was_left_in_a_hurry_is_offered_as_a_draft(page, session):
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto("/admin/blog/tag/add/")
    await page.get_by_label("Name").fill("hasty")
    await page.get_by_role("link", name="Cancel").click()
    await page.wait_for_url("**/tag/")
    await until_there_is_a_draft(session)  # which the browser sends beside the page that it goes to
    await go_back(page)
    await expect(page.get_by_text(OFFER)).to_be_visible()
    await page.get_by_role("link", name="Go on with the draft").click()
    await expect(page.get_by_label("Name")).to_have_value("hasty")


async def test_a_form_that_was_refused_is_kept_as_a_draft_and_forgotten_once_it_was_saved(page, session):
    session.add(Tag(name="python"))
    await session.commit()
    await page.goto("/admin/blog/tag/add/")
    await page.get_by_label("Name").fill("python")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    await expect(page.get_by_text("A draft was saved.")).to_be_visible()
    await page.get_by_label("Name").fill("cobra")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("cobra was saved.")).to_be_visible()
    await page.goto("/admin/blog/tag/add/")
    await expect(page.get_by_text(OFFER)).to_have_count(0)
    assert await session.scalar(select(func.count()).select_from(FormDraft)) == 0


async def test_a_draft_that_is_on_its_way_is_given_up_before_its_form_is_saved(page, session):
    may_save = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_save.wait()
        await route.continue_()

    async def lose(_route: Route) -> None:
        """Answer nothing."""

    await page.goto("/admin/blog/tag/add/")
    await page.route("**/draft/**", lose)
    await page.route("**/tag/add/", hold)
    async with page.expect_request("**/draft/**"):
        await page.get_by_label("Name").fill("cobra")
    async with page.expect_event("requestfailed", lambda request: "/draft/" in request.url):
        await page.get_by_role("button", name="Save", exact=True).click(no_wait_after=True)
    may_save.set()
    await expect(page.get_by_text("cobra was saved.")).to_be_visible()
    assert await session.scalar(select(func.count()).select_from(FormDraft)) == 0


async def test_what_somebody_sent_is_not_brought_back_for_somebody_else_in_the_same_tab(page, make_user):
    await fill_in(page)
    await save(page)
    await page.context.clear_cookies()
    await make_user(username="other", is_superuser=True)
    await log_in(page, "/admin/", "Welcome", "other")
    await page.evaluate("history.go(-3)")
    await page.wait_for_url("**/add/")
    await page.wait_for_load_state("load")
    assert await page.evaluate("history.state.sent.texts.length") > 0
    await expect(page.locator("[data-object-form]")).to_have_attribute("data-author", re.compile(r"\d"))
    await expect(page.get_by_text("a form that you had sent")).to_have_count(0)


async def test_no_row_of_a_list_is_chosen_in_place_of_another_by_going_back(page, session):
    session.add_all([Tag(name="beta"), Tag(name="gamma")])
    await session.commit()
    await page.goto("/admin/blog/tag/")
    await page.locator("tbody input[type=checkbox]").first.check()
    await page.get_by_role("link", name="New tag").first.click()
    await page.wait_for_url("**/add/")
    session.add(Tag(name="alpha"))
    await session.commit()
    await go_back(page)
    await expect(page.get_by_role("link", name="alpha", exact=True)).to_be_visible()
    assert await page.locator("tbody input[type=checkbox]:checked").count() == 0
