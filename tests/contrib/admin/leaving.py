"""Leave a form that was typed into, in a real browser."""

import asyncio

from playwright.async_api import Dialog, Page

from dovetail.testing.browser import PATIENCE


async def asked_on_leaving(page: Page) -> str:
    """Try to leave a form by its link to cancel, stay on it, and return what kind of question was asked."""
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def stay(dialog: Dialog) -> None:
        await dialog.dismiss()
        asked.set_result(dialog.type)

    page.once("dialog", stay)
    await page.get_by_role("link", name="Cancel").click(no_wait_after=True)
    async with asyncio.timeout(PATIENCE):
        return await asked
