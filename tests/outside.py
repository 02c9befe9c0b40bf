"""A site's database, for those who look at it from outside: tests that are not async, and other programs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from config.settings import Settings
from dovetail.context import open_context
from dovetail.registry import load_registry
from dovetail.settings import Settings as KernelSettings
from tests.running import SECRET

T = TypeVar("T")


def settings_for(database_url: str) -> Settings:
    """The settings with which `tests.running` runs the site on this database."""
    return Settings.model_validate({"environment": "test", "secret_key": SECRET, "database_url": database_url})


def run_async(settings: KernelSettings, function: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """What `async def function(session)` answers, in a transaction of its own."""

    async def run() -> T:
        async with (
            open_context(settings, load_registry(settings)) as context,
            context.database.unit_of_work() as session,
        ):
            return await function(session)

    return asyncio.run(run())
