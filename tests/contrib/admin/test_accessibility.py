"""Every page of the back office, held against axe-core in a wide and in a narrow window."""

from datetime import UTC, datetime, time

import pytest
from playwright.async_api import Page, expect

from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tests.contrib.admin.axe import CONTRAST, PLACE, findings, findings_here, turn
from tests.contrib.admin.drawer.models import Colour, Shelf, Specimen
from tests.contrib.admin.entering import log_in_here
from tools.screenshots import WIDTHS, walk

pytestmark = pytest.mark.browser

OF_TESTS = ("/admin/shelf", "/admin/drawer")  # views of the plugins of tests, of which these show every kind of field
MORE = (
    "/admin/auth/user/1/change/",
    "/admin/blog/post/?author=1&search=e&sortBy=title&pageSize=25",
    "/admin/blog/post/?search=nothing",
    "/admin/drawer/specimen/",
    "/admin/drawer/specimen/1/",
    "/admin/drawer/specimen/1/change/",
    "/admin/blog/post/999/",
    "/admin/nothing/at-all/",
)
MEANT = {"/admin/blog/post/999/": 404, "/admin/nothing/at-all/": 404}


@pytest.fixture(params=["sqlite"])
def database_kind(request) -> str:
    """One is enough: pages look the same on both."""
    return request.param


@pytest.fixture
async def page(app, browser_page: Page, session, make_user) -> Page:
    """A window in which somebody is about to log in to a site with something in every list."""
    boss = await make_user(username="boss", full_name="The Boss", is_superuser=True)
    post = Post(title="Old title", content="Text", author_id=boss.id, tags=[Tag(name="python"), Tag(name="web")])
    session.add(post)
    await session.flush()
    session.add(Comment(content="A comment", post_id=post.id, author_id=boss.id))
    session.add(
        Specimen(
            name="Ammonite",
            content="Found on the beach.",
            whole=3,
            is_rare=True,
            colour=Colour.BLUE,
            seen_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            opens=time(9, 5, 3),
            shelf=Shelf(key="a/b#c", label="Upper shelf"),
            owner_id=boss.id,
        )
    )
    await session.commit()
    return browser_page


async def width_beyond(page: Page) -> int:
    """How far the page is wider than the window, in pixels."""
    return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


async def problems_of(page: Page) -> list[str]:
    """What axe finds in two themes and three widths, and how far the page is wider than the window."""
    found: list[str] = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        # Between a desk and a phone nothing is shown that neither shows.
        found += [f"at {width} px: {one}" for one in await findings_here(page, PLACE if width == WIDTHS[1] else None)]
        if beyond := await width_beyond(page):
            found.append(f"at {width} px: the page is {beyond} px wider than the window")
    await turn(page, "dark")  # once: it takes as long as looking at the page does
    for width in reversed(WIDTHS):
        await page.set_viewport_size({"width": width, "height": 900})
        found += [f"at {width} px in the dark: {one}" for one in await findings_here(page, CONTRAST)]
    await turn(page, "light")
    return found


async def test_every_page_can_be_used_by_everybody_in_two_themes_and_three_widths(page):
    await page.goto("/admin/")
    problems = {"/login": await problems_of(page)}
    await log_in_here(page, "Welcome, The Boss")
    async for path in walk(page, "/admin/", without=OF_TESTS):
        problems[path] = await problems_of(page)
    for path in MORE:
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == MEANT.get(path, 200), path
        problems[path] = await problems_of(page)
    assert len(problems) > 30, list(problems)
    assert "\n".join(f"{path} {problem}" for path, found in problems.items() for problem in found) == ""


@pytest.mark.parametrize("width", [1300, 390])
async def test_what_opens_on_a_page_can_be_used_by_everybody(page, width):
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto("/admin/")
    await page.get_by_label("Username or e-mail address").fill("boss")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    problems = {"failed login": await findings(page)}
    await log_in_here(page, "Welcome, The Boss")

    await page.goto("/admin/blog/post/add/")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    problems["form with mistakes"] = await findings(page)
    for label in ("Author", "Tags"):
        await page.locator(".row", has=page.locator(f'label:text-is("{label}")')).locator(".select2-selection").click()
        await expect(page.locator(".select2-results__option").first).to_be_visible()
        problems[f"opened autocomplete of {label}"] = await findings(page, covered=True)
        assert await width_beyond(page) == 0
        await page.keyboard.press("Escape")

    await page.goto("/admin/drawer/specimen/1/change/")
    await expect(page.get_by_role("textbox", name="Seen at")).to_have_value("2026-01-02 03:04:05")
    await expect(page.get_by_role("textbox", name="Opens")).to_have_value("09:05:03")
    await page.get_by_label("Content").fill("Found in the sand.")
    await page.get_by_role("textbox", name="Seen at").click()
    await expect(page.locator(".flatpickr-calendar.open")).to_be_visible()
    problems["opened calendar"] = await findings(page, covered=True)

    await page.goto("/admin/blog/tag/")
    await page.get_by_label("Select all rows of this page").check()
    problems["selected rows"] = await findings(page)
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_role("heading", name="Delete 2 tags?")).to_be_visible()
    problems["question"] = await findings(page)
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    problems["message"] = await findings(page)
    assert "\n".join(f"{where}: {problem}" for where, found in problems.items() for problem in found) == ""
