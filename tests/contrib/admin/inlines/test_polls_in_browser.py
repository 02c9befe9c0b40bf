"""The tutorial's polls in a real Chromium: rows are added, taken out, changed and deleted at every width."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from config.settings import Settings
from tests.contrib.admin import polls
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.inlines.test_tabular import stored

LINES_OF_DJANGO = 20  # of the admin of its tutorial
WIDTHS = (390, 800, 1300)
END_OF_MARK = """one => {
  const mark = getComputedStyle(one, "::before");
  return parseFloat(mark.left) + parseFloat(mark.width);
}"""


class PollsSettings(Settings):
    """The site as its owner makes it for the polls: with a name of its own."""

    plugins: tuple[str, ...] = (*Settings.model_fields["plugins"].default, "tests.contrib.admin.polls")
    site_name: str = "Polls administration"


@pytest.fixture(scope="session")
def settings_class() -> type[Settings]:
    return PollsSettings


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


def test_the_admin_of_the_tutorial_takes_no_more_lines_than_djangos():
    lines = Path(polls.__file__).with_name("admin.py").read_text(encoding="utf-8").splitlines()
    assert len(list(filter(None, lines))) <= LINES_OF_DJANGO


async def is_too_wide(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_tutorials_admin_works_as_in_django(browser_page, make_user, session):
    page = browser_page
    await make_user(username="boss", is_superuser=True)
    await log_in(page, "/admin/", "Welcome")
    await expect(page.get_by_text("Polls administration").first).to_be_visible()
    await expect(page.locator(".nav-heading").last).to_have_text("Polls")  # or they would seem to belong to the blog
    await page.get_by_role("navigation", name="Menu").get_by_role("link", name="Questions").click()
    await page.get_by_role("link", name="New question").first.click()
    await page.get_by_label("Question text").fill("What's up?")
    await page.get_by_text("Date information").click()
    await page.get_by_role("textbox", name="Pub date").fill(f"{datetime.now(UTC).year}-01-02 03:04:05")
    texts = page.get_by_label("Choice text")
    await expect(texts).to_have_count(3)
    await page.wait_for_load_state()  # so that scripts add and remove rows
    await texts.nth(0).fill("Not much")
    await page.get_by_role("button", name="Add another choice").press("Enter")
    await expect(texts.nth(3)).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="Choice 4 was added.")).to_be_attached()
    await page.keyboard.type("The sky")
    await texts.nth(1).fill("Nothing")
    await page.get_by_role("button", name="Remove").nth(1).press("Enter")
    await expect(texts).to_have_count(3)
    await expect(page.get_by_role("status").filter(has_text="Choice 2 was removed.")).to_be_attached()
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 860})
        assert not await is_too_wide(page), width
    ids = await page.eval_on_selector_all("[id]", "all => all.map((one) => one.id)")
    assert len(set(ids)) == len(ids)
    await page.get_by_role("button", name="Save and continue editing").click()
    await expect(page.get_by_role("alert")).to_contain_text("What's up? was saved.")
    assert await stored(session) == [("Not much", 0), ("The sky", 0)]
    await expect(texts).to_have_count(5)
    await page.get_by_label("Votes").nth(0).evaluate("one => { one.type = 'text'; one.value = 'many'; }")
    await page.get_by_label("Delete").nth(1).check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_label("Votes").nth(0)).to_be_focused()
    await expect(page.get_by_label("Delete").nth(1)).to_be_checked()
    assert await page.locator(".inline-row-wrong .inline-number").evaluate(END_OF_MARK) <= 0  # not on the number
    await page.get_by_label("Votes").nth(0).fill("4")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("What's up? was saved.")
    assert await stored(session) == [("Not much", 4)]
    await page.get_by_role("link", name="This year").click()
    await expect(page).to_have_url(re.compile("pub_date"))
    await page.get_by_role("searchbox").fill("up")
    await page.get_by_role("searchbox").press("Enter")
    await expect(page).to_have_url(re.compile("search=up"))
    await expect(page.get_by_role("link", name="What's up?", exact=True)).to_be_visible()
