"""A new token is copied by a button, or by hand, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from tests.contrib.admin.entering import log_in

pytestmark = pytest.mark.browser


@pytest.fixture
def database_kind() -> str:
    return "sqlite"  # what a browser does has nothing to do with it


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is: the server in its own process knows no plugin of the tests."""
    return make_settings(database_url=database_url)


async def test_a_new_token_is_copied_by_keyboard_and_said_to_be(browser_page: Page, make_user):
    page = browser_page
    await make_user(username="boss", is_superuser=True)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await log_in(page, "/admin/account/", "Your account")
    await page.get_by_label("New token").fill("A program")
    await page.get_by_label("All that I may, instead").check()
    await page.get_by_role("button", name="Make a token").click()
    token = await page.get_by_label("The token").input_value()
    await page.get_by_role("button", name="Copy the token").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == token
    await page.get_by_label("The token").select_text()
    assert await page.evaluate("getSelection().toString()") == token

    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as without HTTPS
    await page.get_by_role("button", name="Copy the token").click()
    await expect(page.get_by_role("status")).to_contain_text("It is selected")
    await expect(page.get_by_label("The token")).to_be_focused()
