"""Nothing moves under a pointer, lies on something else or leaves its place from page to page, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from plugins.blog.models import Post, Tag
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.looks.test_narrow_in_browser import COVERED
from tools.screenshots import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]

TOP = "one => one.getBoundingClientRect().top + scrollY"
WIDER = "one => one.scrollWidth - one.clientWidth"
TEXT_BEYOND = """one => {  // the shade of the edge of the first column is no text
  const text = document.createRange();
  text.selectNodeContents(one);
  return Math.floor(text.getBoundingClientRect().right - one.getBoundingClientRect().right);
}"""
MARKDOWN = "| a | b |\n|---|---|\n| 1 | 2 |\n\n    " + "select(one).options(of, many)" * 4
HIDDEN_CHOICES = """() => Array.from(document.querySelectorAll(".filters .nav-pills")).filter((one) => {
  const [frame, box] = [one, one.querySelector("[aria-current]")].map((part) => part.getBoundingClientRect());
  return box.top < frame.top || box.bottom > frame.bottom;
}).length"""


END_OF_CONTENT = "one => one.getBoundingClientRect().right - parseFloat(getComputedStyle(one).paddingRight)"
# Where the letters of a text stand, as its reader sees them.
LETTER = """(one, at) => {
  const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
  let text = walker.nextNode();
  while (!text.data.trim()) text = walker.nextNode();
  const begin = text.data.length - text.data.trimStart().length;
  const range = document.createRange();
  const place = at < 0 ? text.data.trimEnd().length + at : begin + at;
  range.setStart(text, place);
  range.setEnd(text, place + 1);
  const box = range.getBoundingClientRect();
  return [box.left, box.right];
}"""


@pytest.fixture
def settings(make_settings, database_url):
    return make_settings(database_url=database_url)


@pytest.fixture
async def post(session, boss) -> Post:
    made = Post(title="x" * 200, content=MARKDOWN, author_id=boss.id, tags=[Tag(name=f"tag {n}") for n in range(60)])
    session.add_all([made, *(Post(title=f"Post {number}", content="x", author_id=boss.id) for number in range(30))])
    await session.commit()
    return made


async def test_a_list_stays_where_it_is_when_rows_are_selected(browser_page: Page, boss, post):
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    for width in WIDTHS:
        await browser_page.set_viewport_size({"width": width, "height": 860})
        row = browser_page.locator("tbody tr").first
        before = await row.evaluate(TOP)
        await row.locator(".select-box").check()
        await expect(browser_page.get_by_role("button", name="Delete", exact=True)).to_be_enabled()
        assert await row.evaluate(TOP) == before, width
        await browser_page.get_by_label("All 31 that match").check()
        assert await row.evaluate(TOP) == before, width
        await browser_page.get_by_label("All 31 that match").uncheck()
        await row.locator(".select-box").uncheck()
        assert await row.evaluate(TOP) == before, width


async def test_a_word_that_is_longer_than_its_column_lies_on_no_other(browser_page: Page, boss, post):
    await log_in(browser_page, "/admin/blog/post/?search=x&sortBy=title&sort=desc", "Posts")
    for width in WIDTHS:
        await browser_page.set_viewport_size({"width": width, "height": 860})
        cell = browser_page.locator("tbody td", has_text="xxx").first
        assert await cell.evaluate(TEXT_BEYOND) <= 0, width


async def test_the_buttons_of_a_long_form_stay_in_sight_and_cover_nothing_that_has_the_focus(
    browser_page: Page, boss, post
):
    await log_in(browser_page, f"/admin/blog/post/{post.id}/change/", "x")
    await browser_page.emulate_media(reduced_motion="reduce")  # or pages are scrolled for a while
    await browser_page.set_viewport_size({"width": 1300, "height": 640})
    save = browser_page.get_by_role("button", name="Save", exact=True)
    await expect(save).to_be_in_viewport()
    await browser_page.get_by_label("Title").focus()
    await browser_page.keyboard.press("Tab")
    while await browser_page.evaluate("document.activeElement !== document.body"):  # which comes after the last
        assert await browser_page.evaluate(COVERED) == ""
        await browser_page.keyboard.press("Tab")
    tags = await browser_page.locator("select[multiple] + .select2-container").bounding_box()
    assert tags["height"] < 300  # sixty of them
    await browser_page.set_viewport_size({"width": 650, "height": 430})  # as at 200 %: there they would take the room
    assert await save.evaluate("one => getComputedStyle(one.parentElement).position") == "static"


async def test_what_is_written_fits_the_page_of_its_object_on_a_phone(browser_page: Page, boss, post):
    await log_in(browser_page, f"/admin/blog/post/{post.id}/", "x")
    await browser_page.set_viewport_size({"width": 390, "height": 860})
    assert await browser_page.locator("html").evaluate(WIDER) == 0
    one, two = [await browser_page.locator(".markdown td").nth(n).bounding_box() for n in (0, 1)]
    assert one["y"] == two["y"]  # a table within the text stays a table
    assert one["x"] < two["x"]


async def test_headings_stand_at_one_height_and_fields_beside_their_labels(browser_page: Page, boss, post):
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    await browser_page.set_viewport_size({"width": 800, "height": 860})
    tops = {}
    for path in ("", "account/", "trash", "blog/tag/", f"blog/post/{post.id}/", "blog/tag/add/", "why"):
        await browser_page.goto(f"/admin/{path}")
        tops[path] = await browser_page.locator(".page-pretitle").evaluate(TOP) - await browser_page.get_by_role(
            "heading", level=1
        ).evaluate(TOP)
    assert len(set(tops.values())) == 1, tops
    for path, label in (("account/", "Language"), ("account/", "Current password"), ("why", "Model")):
        await browser_page.goto(f"/admin/{path}")
        called, field = browser_page.locator(f'label:text-is("{label}")'), browser_page.get_by_label(label, exact=True)
        boxes = await called.bounding_box(), await field.bounding_box()
        assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"], label


async def test_a_filter_of_many_choices_leaves_room_for_others_and_shows_what_is_chosen(browser_page: Page, boss):
    await log_in(browser_page, "/admin/auth/securityevent/", "Security events")
    await browser_page.set_viewport_size({"width": 1300, "height": 860})
    last = browser_page.locator(".filters .nav-pills").first.get_by_role("link").last
    await last.click()
    await expect(browser_page.locator(".filters .nav-pills").first.locator("[aria-current]")).not_to_have_text("All")
    chosen = browser_page.locator(".filters .nav-pills").first.locator("[aria-current]")
    await expect(chosen).to_be_in_viewport(ratio=1)  # as soon as the scripts of the page have run
    assert await browser_page.evaluate(HIDDEN_CHOICES) == 0
    assert await browser_page.evaluate("scrollY") == 0
    frame = await browser_page.locator(".filters .nav-pills").first.bounding_box()
    assert frame["height"] < 400


async def test_the_menu_shows_the_entry_of_its_page_however_low_the_window_is(browser_page: Page, boss):
    await browser_page.set_viewport_size({"width": 1300, "height": 400})
    await log_in(browser_page, "/admin/comments/comment/", "Comments")
    entry = browser_page.get_by_label("Menu").locator("[aria-current]")
    await expect(entry).to_have_text("Comments")
    await expect(entry).to_be_in_viewport()
    assert await entry.evaluate("one => getComputedStyle(one).boxShadow") != "none"  # more than another shade of grey


async def test_ticks_mistakes_and_paper_can_be_seen_in_any_colours(browser_page: Page, boss, post):
    await log_in(browser_page, "/admin/blog/post/add/", "New post")
    await browser_page.emulate_media(forced_colors="active")
    tick = browser_page.locator('.form-check-input[type="checkbox"]').first
    assert await tick.evaluate("one => getComputedStyle(one).appearance") == "auto"  # the page's own would be gone
    await browser_page.emulate_media(forced_colors="none")
    await browser_page.get_by_role("button", name="Save", exact=True).click()
    edges = []
    for label in ("Title", "Content"):
        field = browser_page.get_by_label(label, exact=True)
        await expect(field).to_have_attribute("aria-invalid", "true")
        edges.append(await field.evaluate("one => getComputedStyle(one).borderTopColor"))
    assert edges == ["rgb(181, 43, 43)"] * 2
    await browser_page.goto(f"/admin/blog/post/{post.id}/")
    await browser_page.emulate_media(media="print", color_scheme="dark")
    label, tag = browser_page.locator(".details th").first, browser_page.locator(".details .badge").first
    shown = [await one.evaluate("one => getComputedStyle(one).color") for one in (label, tag)]
    assert shown == ["rgb(0, 0, 0)"] * 2


async def test_numbers_stand_with_their_digits_below_each_other(browser_page: Page, boss, session):
    session.add_all(Post(title="A", content="x", author_id=boss.id, view_count=count) for count in (7, 12_345))
    await session.commit()
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    await browser_page.set_viewport_size({"width": 1300, "height": 860})
    cells = browser_page.locator('td[data-label="Views"]')
    ends = [(await cells.nth(row).evaluate(LETTER, -1))[1] for row in (0, 1)]
    assert round(ends[0]) == round(ends[1])
    assert abs(await browser_page.locator('th[data-column="view_count"] a').evaluate(END_OF_CONTENT) - ends[0]) < 2
    assert await browser_page.locator("th.number").count() == 1  # a title and a moment are no numbers
    await browser_page.set_viewport_size({"width": 390, "height": 860})  # each below the values of its row
    begins = [
        (await browser_page.locator(f"td[data-label={one}]").first.evaluate(LETTER, 0))[0]
        for one in ("Views", "Author")
    ]
    assert round(begins[0]) == round(begins[1])


async def test_a_title_from_right_to_left_keeps_its_order_and_the_buttons_of_its_pages_their_places(
    browser_page: Page, boss, session
):
    post = Post(title="שלום PostgreSQL 18!", content="שלום 18!", author_id=boss.id)
    session.add(post)
    await session.commit()
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    await browser_page.set_viewport_size({"width": 1300, "height": 860})
    page, form = f"/admin/blog/post/{post.id}/", f"/admin/blog/post/{post.id}/change/"
    shown = {"/admin/blog/post/": ["td .fw-medium"], page: ["h1", ".details td", ".markdown p"], form: ["h1"]}
    ends = {}
    for path, places in shown.items():
        await browser_page.goto(path)
        for one in places:
            found = browser_page.locator(one).first
            assert (await found.evaluate(LETTER, -1))[1] <= (await found.evaluate(LETTER, 0))[0], (path, one)
        for name in ("Edit", "View"):
            button = browser_page.get_by_role("main").get_by_role("link", name=name, exact=True)
            if path != "/admin/blog/post/" and await button.count():
                box = await button.bounding_box()
                ends[name] = (box["x"] + box["width"], box["y"])
    assert ends["Edit"] == ends["View"]  # one leads to the other, and neither to where the other page deletes
