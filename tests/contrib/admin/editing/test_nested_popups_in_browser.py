"""A related object is made in a window of a window: what is chosen, refused or closed in between arrives or is told."""

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dovetail.contrib.auth.models import Group, User
from plugins.blog.models import Post
from tests.contrib.admin.entering import log_in

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is."""
    return make_settings(database_url=database_url)


def field(page: Page, label: str):
    return page.locator(".row", has=page.locator(f'label:text-is("{label}")'))


async def open_popup(page: Page, link: str) -> Page:
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name=link).click()
    window = await opened.value
    await window.wait_for_load_state()
    return window


async def test_what_is_made_in_a_window_of_a_window_is_chosen_in_the_one_and_then_in_the_other(
    browser_page: Page, make_user, session
):
    await make_user(username="boss", is_superuser=True)
    session.add(Group(name="writers"))
    await session.commit()
    post = browser_page
    await log_in(post, "/admin/blog/post/add/", "New post")
    await post.get_by_label("Title").fill("By somebody new")
    await post.get_by_label("Content").fill("Text")
    user = await open_popup(post, "Add another user")
    await user.get_by_label("Username").fill("grace")
    await user.get_by_label("E-mail address").fill("grace@example.org")

    # What is refused in the inner window stays there, and Escape closes no window.
    group = await open_popup(user, "Add another group")
    await group.get_by_label("Name", exact=True).fill("writers")
    await group.keyboard.press("Escape")
    await group.get_by_role("button", name="Save").click()
    await expect(group.locator(".invalid-feedback, .alert").first).to_be_visible()
    await expect(group.get_by_label("Name", exact=True)).to_have_value("writers")
    await group.get_by_label("Name", exact=True).fill("editors")
    await group.get_by_role("button", name="Save").click()
    await expect(field(user, "Groups").locator(".select2-selection__choice")).to_contain_text("editors")

    # One that is closed chooses nothing, and the other goes on.
    group = await open_popup(user, "Add another group")
    await group.close()
    await user.get_by_role("button", name="Save").click()
    await expect(field(post, "Author").locator(".select2-selection__rendered")).to_contain_text("grace")

    # Whose window was closed in between tells that it has saved.
    user = await open_popup(post, "Change the chosen user")
    group = await open_popup(user, "Add another group")
    await user.close()
    await group.get_by_label("Name", exact=True).fill("readers")
    await group.get_by_role("button", name="Save").click()
    await expect(group.get_by_text("readers was saved. You can close this window.")).to_be_visible()
    await group.close()
    await post.get_by_role("button", name="Save", exact=True).click()
    await expect(post.get_by_text("By somebody new was saved.")).to_be_visible()
    written = select(Post).options(selectinload(Post.author).selectinload(User.groups))
    saved = (await session.scalars(written)).one()
    assert (saved.author.username, [one.name for one in saved.author.groups]) == ("grace", ["editors"])
    assert set(await session.scalars(select(Group.name))) == {"writers", "editors", "readers"}
