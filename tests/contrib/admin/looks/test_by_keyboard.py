"""A day's work by keyboard alone, and by what a screen reader is told: nothing is clicked in these tests."""

from collections.abc import Sequence

import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.testing import PASSWORD
from plugins.blog.models import Post, Tag

pytestmark = pytest.mark.browser
MOST = 150  # keys until the focus is somewhere, or goes round
# What has the focus shows it (2.4.7) by what differs from the ground around it (1.4.11), and lies under nothing
# (2.4.11); a text that is not shown is what aids read.
FOCUSED = """
(wanted) => {
    const one = document.activeElement;
    if (!one || one === document.body) return ["", one === wanted];
    const box = one.getBoundingClientRect();
    const shown = one.closest(".select2-selection") || one;
    const style = getComputedStyle(shown);
    const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
    const light = (colour) => numbers(colour).slice(0, 3)
        .map((part) => part / 255)
        .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0);
    const groundOf = (place) => {
        if (!place) return "rgb(255, 255, 255)";
        const colour = getComputedStyle(place).backgroundColor;
        return (numbers(colour)[3] ?? 1) === 1 ? colour : groundOf(place.parentElement);
    };
    const ground = groundOf(shown.parentElement);
    const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const ring = hasOutline ? style.outlineColor : (style.boxShadow.match(/rgba?\\([^)]*\\)/) || [""])[0];
    const [dark, bright] = [light(ring), light(ground)].sort((a, b) => a - b);
    const differs = ring && (bright + .05) / (dark + .05) >= 3;
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const covered = !top || !(one.contains(top) || top.contains(one));
    const problem = (differs ? "" : `shows no focus (${ring} on ${ground}) `) + (covered ? "is covered" : "");
    return [problem && `${one.outerHTML.slice(0, 120)}: ${problem}`, one === wanted];
}
"""


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is."""
    return make_settings(database_url=database_url)


@pytest.fixture
async def page(browser_page: Page, session, make_user) -> Page:
    boss = await make_user(username="boss", full_name="The Boss", is_superuser=True)
    ada = await make_user(username="ada", full_name="Ada Lovelace")
    session.add_all([Tag(name="heron"), Tag(name="crane"), Tag(name="stork")])
    session.add_all([Post(title="Old title", content="x", author_id=boss.id, is_published=False)])
    session.add_all([Post(title="Ada's", content="x", author_id=ada.id)])
    await session.commit()
    await browser_page.emulate_media(reduced_motion="reduce")
    return browser_page


async def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until the focus is on an element."""
    await expect(wanted).to_be_visible()
    await page.wait_for_load_state()  # so that scripts listen to keys
    handle = await wanted.element_handle()
    for _ in range(MOST):
        await page.keyboard.press(key)
        problem, is_there = await page.evaluate(FOCUSED, handle)
        if problem:
            raise AssertionError(problem)
        if is_there:
            return
    raise AssertionError(f"{MOST} times {key} do not lead to {wanted}")


async def press(page: Page, wanted: Locator, *keys: str) -> None:
    """Go to an element by Tab, and press keys there."""
    await tab_to(page, wanted)
    for key in keys or ("Enter",):
        await page.keyboard.press(key)


async def type_into(page: Page, wanted: Locator, text: str, *keys: str) -> None:
    await tab_to(page, wanted)
    await page.keyboard.press("Control+a")
    await page.keyboard.type(text)
    for key in keys:
        await page.keyboard.press(key)


async def log_in(page: Page, path: str) -> None:
    await page.goto(path)
    # Chromium gives the focus to the first field (autofocus) some time after the page was loaded.
    await expect(page.get_by_label("Username or e-mail address")).to_be_focused()
    await page.keyboard.type("boss")
    await type_into(page, page.get_by_label("Password", exact=True), PASSWORD, "Enter")
    await expect(page.get_by_role("navigation", name="Menu")).to_be_visible()
    await page.wait_for_load_state()


async def titles(session, *conditions: object) -> Sequence[str]:
    found = (await session.scalars(select(Post.title).where(*conditions).order_by(Post.title))).all()
    await session.commit()
    return found


async def test_ten_tasks_of_a_day_are_done_by_keyboard_alone(page, session):
    await a_day(page, session)
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert await titles(session) == ["Ada's", "Old title"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_ten_tasks_of_a_day_are_done_by_keyboard_alone_in_the_dark_and_on_narrow_screens(page, session):
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    # The theme that a day ends with is chosen, and that of the next day.
    for width, theme in ((1300, "dark"), (800, "light"), (800, "dark"), (390, "light"), (390, "dark")):
        await page.set_viewport_size({"width": width, "height": 860})
        await a_day(page, session, theme, is_narrow=width < 992)
        await expect(page.get_by_role("button", name="Log in")).to_be_visible()
        assert await titles(session) == ["Ada's", "Old title"], (width, theme)
        await session.execute(update(Post).values(is_published=Post.title != "Old title"))
        await session.commit()


async def a_day(page: Page, session: AsyncSession, theme: str = "light", *, is_narrow: bool = False) -> None:
    """Do ten tasks; end in the other theme. Menu and filters of a narrow page are opened first."""
    # 1: log in; 2: pass over the menu; 3: find the list.
    await log_in(page, "/admin/")
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
    await press(page, page.get_by_role("link", name="Skip to content"))
    await press(page, page.get_by_role("main").get_by_role("link", name="Posts"))
    await expect(page.get_by_role("heading", name="Posts", level=1)).to_be_visible()

    # 4: make a post, whose author is chosen by typing; a mistake is found at its field, and told there.
    await press(page, page.get_by_role("link", name="New post"))
    await type_into(page, page.get_by_label("Content"), "Some words")
    author = page.get_by_role("combobox", name="Author")
    await press(page, author)
    await page.keyboard.type("love")
    await expect(page.locator(".select2-results__option", has_text="ada")).to_be_visible()
    await page.keyboard.press("Enter")
    await press(page, page.get_by_role("button", name="Save", exact=True))
    title = page.get_by_label("Title")
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(title).to_have_accessible_description("This field is required.")
    await type_into(page, title, "By keyboard")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("alert")).to_contain_text("By keyboard was saved.")
    await expect(page.get_by_role("alert")).to_be_visible()

    # 5: search the list; 6: put it in another order; 7: filter it. Of the list that comes then the same has the focus.
    await type_into(page, page.get_by_role("search").get_by_role("searchbox"), "old", "Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.goto("/admin/blog/post/")
    await press(page, page.get_by_role("columnheader", name="Title").get_by_role("link"))
    await expect(page.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")
    await expect(page.get_by_role("columnheader", name="Title").get_by_role("link")).to_be_focused()
    await filter_for_drafts(page, is_narrow=is_narrow)
    await expect(page.get_by_role("link", name="Old title", exact=True)).to_be_visible()

    # 8: do something with a row that is selected.
    await press(page, page.get_by_label("Select Old title"), "Space")
    await press(page, page.get_by_role("button", name="Publish", exact=True))
    await expect(page.get_by_role("alert").first).to_be_visible()
    assert "Old title" in await titles(session, Post.is_published.is_(True))

    # 9: delete an object, and say yes; 10: choose a theme, and log out.
    await page.goto("/admin/blog/post/")
    await press(page, page.get_by_label("Delete By keyboard"))
    await press(page, page.get_by_role("main").get_by_role("button", name="Delete"))
    await expect(page.get_by_role("alert")).to_contain_text("was deleted")
    assert await titles(session) == ["Ada's", "Old title"]
    if is_narrow:
        await open_menu(page)
    other = "light" if theme == "dark" else "dark"
    async with page.expect_response("**/theme"):
        await press(page, page.get_by_role("button", name=f"{other.title()} theme"))
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", other)
    await press(page, page.get_by_role("button", name="Log out"))


async def filter_for_drafts(page: Page, *, is_narrow: bool) -> None:
    """Choose a filter; on a narrow page of the drawer, which closes then, and what opens it has the focus."""
    drafts = page.locator("#filters").get_by_role("link", name="No", exact=True)
    opener = page.locator(".page-header").get_by_role("button", name="Filters")
    if is_narrow:
        await press(page, opener)
        await expect(page.locator("#filters")).to_be_focused()
    await press(page, drafts)
    await page.wait_for_url("**is_published=false**")
    await expect(opener if is_narrow else drafts).to_be_focused()


async def open_menu(page: Page) -> None:
    """Unfold the menu of a narrow page, whose entries come next; Escape folds it up, and gives the focus back."""
    opener, menu = page.get_by_role("button", name="Menu", exact=True), page.locator("#menu")
    await press(page, opener)
    await expect(menu).to_have_class("navbar-collapse collapse show")  # once it stands still
    await page.keyboard.press("Tab")
    await expect(menu.get_by_role("link").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_have_class("navbar-collapse collapse")
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(menu).to_have_class("navbar-collapse collapse show")


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_focus_is_caught_nowhere_and_a_phone_shows_cards_and_filters_in_a_drawer(page):
    await log_in(page, "/admin/blog/post/")
    for path in ("/admin/blog/post/", "/admin/blog/post/add/", "/admin/account/"):
        await page.goto(path)
        await tab_to(page, page.locator("body"))  # once round, through everything
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto("/admin/blog/post/")
    row = page.get_by_role("row", name="Old title")
    assert await row.evaluate(LABEL) == '"Author"'
    drawer = page.locator("#filters")
    await expect(drawer).to_be_hidden()
    await press(page, page.get_by_role("button", name="Filters", exact=True))
    await expect(drawer).to_be_focused()  # once it stands still
    close = await drawer.get_by_role("button", name="Close the filters").bounding_box()
    assert min(close["width"], close["height"]) >= 24
    for _ in range(20):
        await page.keyboard.press("Tab")
        assert await drawer.evaluate(STAYS)
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(page.get_by_role("button", name="Filters", exact=True)).to_be_focused()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_pages_fit_where_letters_are_twice_as_large_or_far_apart_and_nothing_moves_for_who_wants_no_motion(page):
    await log_in(page, "/admin/")
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    await page.set_viewport_size({"width": 320, "height": 640})  # as 1280 px are at 400 % (1.4.10)
    for path in ("/admin/", "/admin/blog/post/", "/admin/blog/post/add/", "/admin/account/", "/admin/auth/user/"):
        await page.goto(path)
        assert await page.evaluate(beyond) == 0, path
        await page.evaluate(SPACED)
        assert await page.evaluate(beyond) == 0, path
        assert await page.evaluate(CLIPPED) == [], path
    moves = "getComputedStyle(document.querySelector('.btn')).transitionDuration"
    assert await page.evaluate(moves) in {"0.001s", "0s"}


STAYS = "(drawer) => document.activeElement === document.body || drawer.contains(document.activeElement)"
LABEL = """(row) => getComputedStyle(
    Array.from(row.cells).find((one) => one.dataset.label === "Author"), "::before"
).content"""
# The spacing of 1.4.12, by a style sheet that the page's policy lets a script make.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
        p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""
CLIPPED = """() => Array.from(document.querySelectorAll("main :is(a, button, label, h1, h2, th)"))
    .filter((one) => one.checkVisibility() && one.scrollHeight > one.clientHeight + 4
        && ["hidden", "clip"].includes(getComputedStyle(one).overflowY) && one.clientHeight > 1)
    .map((one) => one.outerHTML.slice(0, 100))"""


class ScreenReader:
    """Knows a page by what Chromium tells aids of it: roles, names and states."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def nodes(self) -> list[dict[str, object]]:
        devtools = await self.page.context.new_cdp_session(self.page)
        found = (await devtools.send("Accessibility.getFullAXTree"))["nodes"]
        await devtools.detach()
        return [one for one in found if not one.get("ignored")]

    async def go_to(self, role: str, name: str) -> None:
        """Put the focus on what has this role and this name."""
        found = [one for one in await self.nodes() if _is(one, role, name)]
        assert len(found) == 1, (role, name, [_told(one) for one in await self.nodes()])
        devtools = await self.page.context.new_cdp_session(self.page)
        await devtools.send("DOM.focus", {"backendNodeId": found[0]["backendDOMNodeId"]})
        await devtools.detach()

    async def hears(self, role: str, name: str) -> bool:
        return any(_is(one, role, name) for one in await self.nodes())


def _told(node: dict) -> tuple[str, str]:
    return node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")


def _is(node: dict, role: str, name: str) -> bool:
    return _told(node) == (role, name)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_post_is_changed_by_what_a_screen_reader_is_told_alone(page, session):
    await log_in(page, "/admin/blog/post/")
    reader = ScreenReader(page)
    assert await reader.hears("heading", "Posts")
    assert await reader.hears("navigation", "Menu")
    await reader.go_to("link", "Old title")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/change/**")
    assert await reader.hears("heading", "Old title")
    await reader.go_to("textbox", "Title\N{NO-BREAK SPACE}*")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Heard title")
    await reader.go_to("button", "Save")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    told = [_told(one) for one in await reader.nodes()]
    assert ("alert", "") in told
    assert any("Heard title was saved." in name for _, name in told)
    assert await session.scalar(select(func.count()).select_from(Post).where(Post.title == "Heard title")) == 1
