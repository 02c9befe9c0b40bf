"""The background tasks of auth, which run while a process serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from dovetail.contrib.auth.credentials.reading import check_browser_sessions
from dovetail.contrib.auth.events.recorder import RECORDER
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER
from dovetail.contrib.auth.sessions.use import write_at_the_end
from dovetail.plugin import Context


@asynccontextmanager
async def lifespan(app: FastAPI, context: Context) -> AsyncIterator[None]:
    """Send mail in the background; at shutdown, write the pending use of sessions and events of refused requests."""
    dispatcher, recorder = MAIL_DISPATCHER.get(app), RECORDER.get(app)
    check_browser_sessions(app)
    async with write_at_the_end(app, context):
        watching = asyncio.get_running_loop().create_task(dispatcher.watch())
        try:
            yield
        finally:
            watching.cancel()
            await dispatcher.close()
            await recorder.settle()
