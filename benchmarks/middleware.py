"""What each middleware costs: this site with one of them taken out.

`uvicorn benchmarks.middleware:app` serves the site with all of its middleware, without any, and without each: a
request's header says which. All are in one process, for two processes differ by more than a middleware costs.
"""

from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from benchmarks.servers import SECRET
from config.settings import Settings
from dovetail.application import site_application
from dovetail.middleware.headers import header
from dovetail.settings import load_settings

HEADER = b"benchmark-without"
ALL = "all of them"
NONE = "nothing"


class Variants:
    """An ASGI application that runs the one without the middleware that the request names."""

    def __init__(self, settings: Settings) -> None:
        self._apps = {name: make_app(settings, name) for name in variants()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run it; without a header, the whole site."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._apps[header(scope, HEADER) or NONE](scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            for app in self._apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def variants() -> list[str]:
    """What can be taken out: nothing, each of the site's middleware, the outermost first, and all of them."""
    values = {"database_url": "sqlite://", "environment": "production", "secret_key": SECRET}
    names = [_name(middleware) for middleware in site_application(Settings.model_validate(values)).user_middleware]
    return [NONE, *names, ALL]


def choose(request: bytes, without: str) -> bytes:
    """The request, for the variant without that middleware."""
    line, rest = request.split(b"\r\n", 1)
    return b"%s\r\n%s: %s\r\n%s" % (line, HEADER, without.encode(), rest)


def make_app(settings: Settings, without: str) -> FastAPI:
    """The site without one middleware, or without any. Raises ValueError for one it does not have."""
    app = site_application(settings)
    kept = [] if without == ALL else [each for each in app.user_middleware if _name(each) != without]
    if without != NONE and len(kept) == len(app.user_middleware):
        raise ValueError(f"there is no {without}, only {', '.join(map(_name, app.user_middleware))}")
    app.user_middleware = kept
    return app


def _name(middleware: Any) -> str:
    return str(middleware.cls.__name__)


def __getattr__(name: str) -> Variants:
    if name == "app":  # made when a server asks for it, not when the harness imports this module
        return Variants(load_settings(Settings))
    raise AttributeError(name)
