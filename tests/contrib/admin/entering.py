"""Log in to the back office by its form, in a real browser."""

from playwright.async_api import Page, expect

from dovetail.contrib.auth.testing import PASSWORD


async def log_in(page: Page, address: str, heading: str, username: str = "boss") -> None:
    """Open an address, log in where it asks for it, and wait for the page with this heading and for its scripts."""
    await page.goto(address)
    await log_in_here(page, heading, username)


async def log_in_here(page: Page, heading: str, username: str = "boss") -> None:
    """Log in on the page that asks for it, and wait for the page with this heading and for its scripts."""
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name=heading)).to_be_visible()
    await page.wait_for_load_state()
