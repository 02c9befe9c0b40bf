"""A uvicorn server in the test's own event loop, that speaks HTTP as ours do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from dovetail.server.protocol import GuardedProtocol
from dovetail.server.worker import GracefulServer
from dovetail.settings import Settings
from tests.server.client import Client


@asynccontextmanager
async def running(app: Starlette, *, patience: int | None = None, **settings: object) -> AsyncIterator[Client]:
    """Serve `app` with the limits of `settings`; requests have so many seconds of `patience` when it stops."""
    app.state.settings = Settings(_env_file=None, **settings)
    how = {"lifespan": "off", "log_config": None, "access_log": False, "timeout_graceful_shutdown": patience}
    config = uvicorn.Config(app, http=GuardedProtocol, **how)
    server = GracefulServer(config, is_alone=True)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    try:
        yield Client(listener.getsockname()[1], app, server)
    finally:
        server.should_exit = True
        await task
