"""The pages of the history, held against axe-core in a wide and in a narrow window."""

import pytest
from playwright.async_api import Page, expect

from plugins.blog.models import Post, Tag
from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.test_accessibility import width_beyond

pytestmark = pytest.mark.browser
PAGES = ("/", "/blog/post/1/history/", "/history/recordedchange/", "/history/recordedchange/1/")


@pytest.fixture(params=["sqlite"])
def database_kind(request) -> str:
    """One is enough: pages look the same on both."""
    return request.param


@pytest.fixture(params=[1300, 390], ids=["wide", "narrow"])
async def page(app, browser_page: Page, database, make_user, request) -> Page:
    """A window before a site on which the boss has changed a post."""
    boss = await make_user(username="boss", full_name="The Boss", is_superuser=True)
    async with database.unit_of_work() as session:
        session.add(Post(title="An old title", content="Text, " * 100, author_id=boss.id, tags=[Tag(name="python")]))
    await browser_page.set_viewport_size({"width": request.param, "height": 900})
    return browser_page


async def test_every_page_of_the_history_is_accessible_and_labels_both_sides_of_a_change(page):
    await log_in(page, "/admin/", "Welcome")
    await page.goto("/admin/blog/post/1/change/")
    await page.get_by_label("Title").fill("A new title " + "without_any_gap" * 20)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("was saved.")
    await page.goto("/admin/blog/post/1/history/")
    cells = page.locator("article.history").first.locator("td")
    labels = [await cell.evaluate("cell => getComputedStyle(cell, '::before').content") for cell in await cells.all()]
    is_narrow = (page.viewport_size or {})["width"] < 500
    assert labels == (['"Before"', '"After"'] if is_narrow else ["none", '""'])  # a shade at the edge, behind the last
    problems = []
    for path in PAGES:
        answer = await page.goto(f"/admin{path}")
        assert answer.status == 200, path
        problems += [f"{path} {problem}" for problem in await findings(page)]
        if width := await width_beyond(page):
            problems.append(f"{path} is {width} px wider than the window")
    assert "\n".join(problems) == ""
