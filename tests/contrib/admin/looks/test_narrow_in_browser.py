"""A phone, a tablet and paper show all of what a page has, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from plugins.blog.models import Post, Tag
from tests.contrib.admin.entering import log_in

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]

LINES = """one => {
  const range = document.createRange();
  range.selectNodeContents(one);
  return new Set([...range.getClientRects()].filter((box) => box.width > 1).map((box) => Math.round(box.top))).size;
}"""

COVERED = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return top && (one.contains(top) || top.contains(one)) ? "" : one.outerHTML.slice(0, 200);
}"""


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


async def test_the_choice_of_columns_and_views_fits_a_phone(browser_page: Page, boss):
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    await browser_page.set_viewport_size({"width": 390, "height": 860})
    for opener in ("Columns", "Save view"):
        await browser_page.get_by_text(opener, exact=True).click()
        box = await browser_page.locator(".panel[open] .panel-body").bounding_box()
        assert box["x"] >= 0, opener
        assert box["x"] + box["width"] <= 390, opener
        await browser_page.get_by_text(opener, exact=True).click()


async def test_a_list_without_rows_offers_nothing_to_select_on_a_phone(browser_page: Page, boss, session):
    await log_in(browser_page, "/admin/blog/tag/", "Tags")
    await browser_page.set_viewport_size({"width": 390, "height": 860})
    await expect(browser_page.locator("#select-all")).to_be_hidden()
    session.add(Tag(name="python"))
    await session.commit()
    await browser_page.reload()
    await expect(browser_page.locator("#select-all")).to_be_visible()


@pytest.mark.parametrize("width", [1300, 390])
async def test_what_can_be_done_with_selected_rows_is_in_sight_at_the_end_of_a_long_list(
    browser_page: Page, boss, session, width
):
    session.add_all(Post(title=f"Post {number}", content="x", author_id=boss.id) for number in range(25))
    await session.commit()
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    await browser_page.set_viewport_size({"width": width, "height": 860})
    await browser_page.emulate_media(reduced_motion="reduce")  # or pages are scrolled for a while
    delete = browser_page.get_by_role("group", name="Actions").get_by_role("button", name="Delete")
    boxes = browser_page.locator(".select-box")
    await boxes.last.check()
    await expect(delete).to_be_in_viewport()
    for _ in range(60):  # back to the first rows, and what has the focus lies under nothing
        await browser_page.keyboard.press("Shift+Tab")
        assert await browser_page.evaluate(COVERED) == ""
    await boxes.last.focus()
    await boxes.last.uncheck()
    await expect(delete).not_to_be_in_viewport()


async def test_an_address_stays_in_one_line_where_there_is_room(browser_page: Page, boss):
    await log_in(browser_page, "/admin/auth/user/", "Users")
    await browser_page.set_viewport_size({"width": 800, "height": 860})
    cell = browser_page.locator('td[data-label="E-mail address"]')
    lines = await cell.evaluate(LINES)
    assert lines == 1


async def test_paper_has_the_heading_and_the_rows_and_nothing_to_press(browser_page: Page, boss, session):
    session.add(Tag(name="python"))
    await session.commit()
    await log_in(browser_page, "/admin/blog/tag/", "Tags")
    await browser_page.emulate_media(media="print", color_scheme="dark")
    await expect(browser_page.get_by_role("heading", level=1)).to_be_visible()
    await expect(browser_page.get_by_role("link", name="python", exact=True)).to_be_visible()
    for gone in (".navbar", ".list-tools", ".select-box", ".row-tools", ".page-header .btn"):
        await expect(browser_page.locator(gone).first).to_be_hidden()
    arrow = "one => getComputedStyle(one, '::after').display"
    assert await browser_page.locator(".table-sort").first.evaluate(arrow) == "none"
    heading = await browser_page.get_by_role("heading", level=1).bounding_box()
    assert heading["x"] < 60  # where the menu stood
    link = browser_page.get_by_role("link", name="python", exact=True)
    assert await link.evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"
