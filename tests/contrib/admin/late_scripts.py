"""A page whose scripts come late, as over a slow line: it is shown, and can be typed into, before they run."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, Route

SCRIPTS = re.compile(r"/assets/(?!theme)[\w-]+\.js")  # that of the theme stands in the head, and is waited for


@asynccontextmanager
async def before_scripts(page: Page, address: str | None = None) -> AsyncIterator[None]:
    """Open `address`, or what the block opens, and let its scripts run when the block ends."""
    may_run = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_run.wait()
        await route.continue_()

    await page.route(SCRIPTS, hold)
    if address:
        await page.goto(address, wait_until="commit")
    yield
    may_run.set()
    await page.wait_for_load_state("load")
    await page.unroute(SCRIPTS, hold)
