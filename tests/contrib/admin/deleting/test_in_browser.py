"""What is done with all objects of a list, and what a deletion says before, in a real Chromium."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import func, insert, select

from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.entering import log_in

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is: the server in its own process knows no plugin of the tests."""
    return make_settings(database_url=database_url)


async def count(session, *conditions) -> int:
    found = await session.scalar(select(func.count()).select_from(Post).where(*conditions))
    await session.commit()
    return found


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_all_posts_of_a_list_are_published_and_deleted_over_all_pages(browser_page: Page, make_user, session):
    boss = await make_user(username="boss", is_superuser=True)
    rows = [{"title": f"Post {n:03}", "content": "x", "author_id": boss.id} for n in range(620)]
    await session.execute(insert(Post), rows)
    await session.execute(
        insert(Comment), [{"content": f"C{n}", "post_id": 1, "author_id": boss.id} for n in range(12)]
    )
    await session.commit()
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    await expect(browser_page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    await browser_page.get_by_label("All 620 that match").check()
    await expect(browser_page.get_by_label("Select Post 619")).to_be_disabled()
    await browser_page.get_by_role("button", name="Publish", exact=True).click()
    await expect(browser_page.get_by_role("heading", name="Publish: 620 posts?")).to_be_visible()
    await browser_page.wait_for_load_state()  # so that a script tells how far it has come
    await browser_page.get_by_role("button", name="Publish", exact=True).press("Enter")
    await expect(browser_page.locator(".action-progress-text")).to_have_text("Publish: done with 620 posts.")
    await browser_page.get_by_role("link", name="Back to the list").click()
    assert await count(session, Post.is_published.is_(True)) == 620
    await browser_page.get_by_label("All 620 that match").check()
    await browser_page.get_by_role("button", name="Delete", exact=True).click()
    await expect(browser_page.get_by_text("Comments: 12")).to_be_visible()
    await expect(browser_page.get_by_role("link", name="C11")).to_have_attribute(
        "href", re.compile("/comments/comment/")
    )
    await expect(browser_page.get_by_text("and 610 others")).to_be_visible()
    await browser_page.wait_for_load_state()
    await browser_page.get_by_role("button", name="Delete", exact=True).click()
    await expect(browser_page.locator(".action-progress-text")).to_have_text("620 posts were deleted.")
    assert await count(session) == 0


@pytest.mark.parametrize("database_kind", ["postgresql"])  # where a row can be held while the action waits for it
async def test_an_action_that_is_stopped_changes_nothing_and_can_be_done_again(browser_page: Page, make_user, session):
    boss = await make_user(username="boss", is_superuser=True)
    rows = [{"title": f"Post {n:03}", "content": "x", "author_id": boss.id} for n in range(120)]
    await session.execute(insert(Post), rows)
    await session.commit()
    await log_in(browser_page, "/admin/blog/post/", "Posts")
    told = browser_page.locator(".action-progress-text")

    async def publish() -> None:
        await browser_page.goto("/admin/blog/post/")
        await browser_page.get_by_label("All 120 that match").check()
        await browser_page.get_by_role("button", name="Publish", exact=True).click()
        await expect(browser_page.get_by_role("heading", name="Publish: 120 posts?")).to_be_visible()
        await browser_page.wait_for_load_state()
        async with browser_page.expect_response("**/action/publish/**"):  # whose first line comes before the work
            await browser_page.get_by_role("button", name="Publish", exact=True).click()

    await session.scalar(select(Post.id).order_by(Post.id.desc()).limit(1).with_for_update())
    await publish()
    await browser_page.get_by_role("button", name="Stop, and undo all of it").click()
    await expect(told).to_have_text("It was stopped, and nothing was done.")
    assert await count(session, Post.is_published.is_(True)) == 0
    await publish()
    await expect(told).to_have_text("120 posts published.")
    assert await count(session, Post.is_published.is_(True)) == 120
