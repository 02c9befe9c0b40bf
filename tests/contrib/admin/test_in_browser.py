"""An editor's day in a real Chromium; a page that writes an error to the console fails its test."""

import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import delete, func, select, update

from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD, new_token
from dovetail.testing.browser import PATIENCE
from plugins.blog.models import Post, Tag, post_tags
from plugins.comments.models import Comment, CommentStatus
from tests.contrib.admin.entering import log_in, log_in_here

pytestmark = pytest.mark.browser


@pytest.fixture(params=["sqlite"])
def database_kind(request) -> str:
    """One is enough: tests without a browser send the same forms to both."""
    return request.param


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is: the server in its own process knows no plugin of the tests."""
    return make_settings(database_url=database_url)


@pytest.fixture
async def editor(browser_page: Page, make_user, session) -> Page:
    """A page of somebody who is logged in, with a post, two comments and two tags to work on."""
    boss = await make_user(username="boss", full_name="The Boss", is_superuser=True)
    ada = await make_user(username="ada", full_name="Ada Lovelace")
    post = Post(title="Old title", content="Text", author_id=boss.id)
    session.add_all(
        [
            post,
            Tag(name="python"),
            Tag(name="postgresql"),
            Post(title="Ada's", content="x", author_id=ada.id),
        ]
    )
    await session.flush()
    session.add_all([Comment(content=f"Comment {n}", post_id=post.id, author_id=ada.id) for n in range(2)])
    await session.commit()
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    return browser_page


async def type_and_choose(page: Page, label: str, words: str, choice: str) -> None:
    field = page.locator(".row", has=page.locator(f'label:text-is("{label}")'))
    await field.locator(".select2-selection").click()
    await page.locator(".select2-container--open .select2-search__field").first.press_sequentially(words)
    await page.locator(".select2-results__option", has_text=choice).click()


async def test_an_editor_changes_a_post_choosing_author_and_tags_by_typing(editor, session):
    await editor.get_by_role("link", name="Old title", exact=True).click()
    await editor.get_by_label("Title").fill("New title")
    await type_and_choose(editor, "Author", "love", "ada")
    await type_and_choose(editor, "Tags", "pyt", "python")
    await type_and_choose(editor, "Tags", "post", "postgresql")
    await editor.get_by_label("Published").check()
    await editor.get_by_role("button", name="Save", exact=True).click()
    await expect(editor.get_by_role("alert")).to_contain_text("New title was saved.")
    row = editor.get_by_role("row", name="New title")
    await expect(row.get_by_role("link", name="ada", exact=True)).to_be_visible()
    await expect(row.get_by_role("link", name="postgresql", exact=True)).to_be_visible()
    tags = select(func.count()).select_from(Tag).where(Tag.posts.any(Post.title == "New title"))
    assert await session.scalar(tags) == 2


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_what_was_typed_while_a_session_ended_is_there_after_the_login_and_saved_by_its_author(editor, session):
    await editor.get_by_role("link", name="Old title", exact=True).click()
    await editor.get_by_label("Title").fill('A title "typed" & long')
    await editor.get_by_label("Content").fill("One line\n  <b>another</b>\n")
    await type_and_choose(editor, "Author", "love", "ada")
    await type_and_choose(editor, "Tags", "pyt", "python")
    # Once the draft of all this is kept, no script asks anything any more, and none is told of a lost session.
    async with editor.expect_response(lambda answer: "is_published" in (answer.request.post_data or "")):
        await editor.get_by_label("Published").check()
    await editor.route("**/presence/", lambda route: route.abort())
    await session.execute(delete(Session))
    await session.commit()
    await editor.get_by_role("button", name="Save and continue editing").click()
    await expect(editor.get_by_role("alert")).to_contain_text("Log in to go on with what you had typed.")
    assert await session.scalar(select(func.count()).select_from(Post).where(Post.title == "Old title")) == 1
    await session.commit()
    await log_in_here(editor, "Old title")
    await expect(editor.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    await expect(editor).to_have_url(re.compile(r"/admin/blog/post/1/change/\?kept="))
    await expect(editor.get_by_label("Title")).to_have_value('A title "typed" & long')
    await expect(editor.get_by_label("Content")).to_have_value("One line\n  <b>another</b>\n")
    await expect(editor.get_by_label("Published")).to_be_checked()
    await editor.get_by_role("button", name="Save and continue editing").click()
    await expect(editor.get_by_role("alert")).to_contain_text('A title "typed" & long was saved.')
    await expect(editor).to_have_url(re.compile(r"/admin/blog/post/1/change/$"))
    saved = select(Post.content, User.username, Tag.name).join(Post.author).join(Post.tags).where(Post.id == 1)
    assert [tuple(row) for row in await session.execute(saved)] == [("One line\n  <b>another</b>\n", "ada", "python")]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_editor_ends_the_session_of_another_browser_by_keyboard(editor, session):
    boss = await session.scalar(select(User.id).where(User.username == "boss"))
    await new_token(session, boss)
    await session.execute(update(Session).values(proved_at=None))
    await session.commit()
    await editor.goto("/admin/account/")
    await editor.get_by_role("button", name="Log out everywhere else").press("Enter")
    await expect(editor.get_by_role("alert")).to_contain_text("Show that it is still you")
    await editor.get_by_label("Your password").fill(PASSWORD)
    await editor.get_by_role("button", name="Go on").press("Enter")
    await editor.get_by_role("button", name="Log out everywhere else").press("Enter")
    await expect(editor.get_by_role("alert")).to_have_text("You are logged out everywhere else.")
    assert await session.scalar(select(func.count()).select_from(Session)) == 1


async def test_an_editor_makes_a_user(editor, session):
    await editor.get_by_role("link", name="Users").click()
    await editor.get_by_role("link", name="New user").click()
    await editor.get_by_label("Username").fill("grace")
    await editor.get_by_label("E-mail address").fill("not an address")
    await editor.get_by_role("button", name="Save and continue editing").click()
    await expect(editor.locator(".invalid-feedback")).to_contain_text("not an e-mail address")
    await editor.get_by_label("E-mail address").fill("grace@example.org")
    await editor.get_by_role("button", name="Save and continue editing").click()
    await expect(editor.get_by_role("alert").filter(has_text="grace was saved.")).to_be_visible()
    await expect(editor).to_have_url(re.compile(r"/admin/auth/user/\d+/change/"))
    user = await session.scalar(select(User).where(User.username == "grace"))
    assert user.hashed_password == UNUSABLE_PASSWORD  # until grace has followed the link that was sent


async def test_an_editor_filters_and_searches(editor):
    filters = editor.locator(".filters")
    await filters.locator(".select2-selection").first.click()
    await editor.locator(".select2-container--open .select2-search__field").press_sequentially("ada")
    await editor.locator(".select2-results__option", has_text="ada").click()
    await expect(editor.locator("tbody tr")).to_have_count(1)
    await expect(editor.get_by_role("link", name="Ada's", exact=True)).to_be_visible()
    await filters.locator(".select2-selection__clear").click()
    await expect(editor.locator("tbody tr")).to_have_count(2)
    await editor.get_by_role("searchbox").fill("old")
    await editor.get_by_role("searchbox").press("Enter")
    await expect(editor.locator("tbody tr")).to_have_count(1)
    await filters.get_by_role("link", name="Yes").click()
    await expect(editor.get_by_text("Nothing matches.")).to_be_visible()


async def test_a_moderator_approves_many_comments_at_once(editor, session):
    await editor.get_by_role("link", name="Comments").click()
    await expect(editor.get_by_role("button", name="Approve")).to_be_disabled()
    await editor.get_by_label("Select all rows of this page").check()
    await expect(editor.get_by_text("2 selected")).to_be_visible()
    await editor.get_by_role("button", name="Approve").click()
    await expect(editor.get_by_role("alert")).to_contain_text("2 comments approved.")
    assert set((await session.scalars(select(Comment.status))).all()) == {CommentStatus.APPROVED}


async def test_an_editor_deletes_after_being_asked(editor, session):
    await editor.get_by_label("Select Old title").check()
    await editor.get_by_role("button", name="Delete").click()
    await expect(editor.get_by_role("heading", name="Delete 1 post?")).to_be_visible()
    await editor.get_by_role("link", name="Cancel").click()
    await editor.get_by_role("link", name="Delete Old title").click()
    await editor.get_by_role("button", name="Delete").click()
    await expect(editor.get_by_role("alert")).to_contain_text("Old title was deleted.")
    assert (await session.scalars(select(Post.title))).all() == ["Ada's"]


async def test_logging_out_shuts_the_door(editor):
    await editor.get_by_role("button", name="Log out").click()
    await expect(editor.get_by_role("button", name="Log in")).to_be_visible()
    await editor.goto("/admin/auth/user/")
    await expect(editor.get_by_role("button", name="Log in")).to_be_visible()


@pytest.mark.parametrize("database_kind", ["sqlite"])  # where things stand on a page, whatever it was read from
async def test_what_can_be_done_with_a_row_stays_in_sight_however_long_the_row_is(editor, session):
    post = (await session.scalars(select(Post).where(Post.title == "Old title"))).one()
    names = [f"a rather long tag of the number {n}" for n in range(3)]
    await session.execute(
        post_tags.insert(), [{"post_id": post.id, "tag_id": await make_tag(session, n)} for n in names]
    )
    await session.commit()
    for width in (1300, 800):
        await editor.set_viewport_size({"width": width, "height": 900})
        await editor.goto("/admin/blog/post/")
        assert await editor.evaluate("document.documentElement.scrollWidth") <= width
        await expect(editor.get_by_label("Delete Old title")).to_be_in_viewport(ratio=1)


EDGE_AND_COVERED = """
() => {
    const frame = document.querySelector(".table-responsive");
    const tools = document.querySelector("tbody .row-tools");
    const edge = getComputedStyle(tools, "::before").opacity;
    const covered = tools.previousElementSibling.firstElementChild.getBoundingClientRect().right
        > tools.getBoundingClientRect().left;
    return [frame.scrollWidth > frame.clientWidth, edge !== "0", covered];
}
"""


@pytest.mark.parametrize("database_kind", ["sqlite"])  # where things stand on a page, whatever it was read from
async def test_a_list_that_is_wider_than_its_frame_has_an_edge_and_scrolls_until_nothing_is_covered(editor):
    await editor.set_viewport_size({"width": 1100, "height": 900})
    await editor.goto("/admin/auth/user/")
    assert await edge_and_covered_become(editor, [True, True, True])
    await editor.evaluate("document.querySelector('.table-responsive').scrollLeft = 10000")
    assert await edge_and_covered_become(editor, [True, False, False])
    await editor.set_viewport_size({"width": 1600, "height": 900})
    assert await edge_and_covered_become(editor, [False, False, False])


async def edge_and_covered_become(page: Page, expected: list[bool]) -> bool:
    # Playwright's own wait_for_function is refused by the strict policy of the page as soon as it has to wait.
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await page.evaluate(EDGE_AND_COVERED) != expected:  # noqa: ASYNC110 - what is seen has no event
                await asyncio.sleep(0.02)
            return True
    return False


async def make_tag(session, name: str) -> int:
    session.add(tag := Tag(name=name))
    await session.flush()
    return tag.id
