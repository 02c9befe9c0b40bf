"""Do beside the requests what nobody is to wait for, while a process serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from dovetail.contrib.auth.events.recorder import RECORDER
from dovetail.contrib.auth.sessions.use import write_at_the_end
from dovetail.plugin import Context


@asynccontextmanager
async def lifespan(app: FastAPI, context: Context) -> AsyncIterator[None]:
    """Run a site; at its end, write down the use of sessions, and the refusals that were not written yet."""
    async with write_at_the_end(app, context):
        try:
            yield
        finally:
            await RECORDER.get(app).settle()
