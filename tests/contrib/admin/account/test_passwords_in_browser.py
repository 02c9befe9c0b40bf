"""A pasted, a shown and a made up password work in every form, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from dovetail.contrib.auth.testing import PASSWORD

pytestmark = pytest.mark.browser
LOGIN, ACCOUNT = "/admin/login", "/admin/account/"


@pytest.fixture
def database_kind() -> str:
    return "sqlite"  # what a browser does has nothing to do with it


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is: the server in its own process knows no plugin of the tests."""
    return make_settings(database_url=database_url)


async def log_in(page: Page, password: str) -> None:
    """Log in as boss with a password that is pasted, as a password manager's user does."""
    await page.goto(LOGIN)
    name, field = page.get_by_label("Username or e-mail address"), page.get_by_label("Password")
    await name.fill(password)
    await name.press("Control+a")
    await name.press("Control+c")
    await name.fill("boss")
    await field.press("Control+v")
    await expect(field).to_have_value(password)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("button", name="Log out").first).to_be_visible()


async def test_a_password_is_pasted_shown_and_made_up(browser_page, make_user):
    page = browser_page
    await make_user(username="boss", is_superuser=True)
    await page.goto(LOGIN)
    field = page.get_by_label("Password")
    await field.fill("what I typed")
    await expect(field).to_have_attribute("type", "password")
    await page.get_by_role("button", name="Show").click()
    await expect(field).to_have_attribute("type", "text")
    await page.get_by_role("button", name="Hide").click()
    await expect(field).to_have_attribute("type", "password")
    await expect(page.get_by_role("button", name="Generate")).to_have_count(0)

    await log_in(page, PASSWORD)
    await page.goto(ACCOUNT)
    await page.get_by_label("Current password").fill(PASSWORD)
    new = page.get_by_label("New password")
    size = page.viewport_size
    await page.set_viewport_size({"width": 390, "height": 860})
    assert (await new.bounding_box())["width"] > 250  # a phone has room for it, too
    await page.set_viewport_size(size)
    await page.get_by_role("button", name="Generate").click()
    made = await new.input_value()
    assert len(made) == 29
    await expect(new).to_have_attribute("type", "text")
    await expect(new).to_have_attribute("passwordrules", "minlength: 15; maxlength: 128; allowed: unicode;")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your password was changed.")

    await page.get_by_role("button", name="Log out").first.click()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    await log_in(page, made)
    await page.goto(ACCOUNT)
    await expect(page.get_by_label("Current password")).to_have_attribute("autocomplete", "current-password")
    await expect(page.get_by_label("New password")).to_have_attribute("autocomplete", "new-password")
