"""Render templates in chunks, so that a long page does not block other requests."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from time import perf_counter

from jinja2 import Environment
from sqladmin.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dovetail.contrib.admin.templating.waiting import enable_coroutines, run, wait
from dovetail.contrib.admin.web.rendering import finished

TURN = 0.005  # seconds of rendering, after which the event loop may run other tasks
EachContext = Callable[[Request], Mapping[str, object] | Awaitable[Mapping[str, object]]]


class Templates(Jinja2Templates):
    """SQLAdmin's templates, rendered with pauses in which the event loop runs other tasks."""

    def __init__(self, environment: Environment, each_context: EachContext | None = None) -> None:
        enable_coroutines(environment)
        self.env = environment
        self._each_context = each_context

    async def TemplateResponse(  # type: ignore[override]  # noqa: N802 - SQLAdmin's name; its class is private
        self, request: Request, name: str, context: dict[str, object] | None = None, status_code: int = 200
    ) -> HTMLResponse:
        """Return the response with the template `name`, rendered with `context`."""
        values: dict[str, object] = {"request": request}
        if self._each_context is not None:
            values |= await finished(self._each_context(request))
        return HTMLResponse(await self.write(name, values | (context or {})), status_code)

    async def write(self, name: str, values: Mapping[str, object]) -> str:
        """Return the template `name`, rendered with `values`."""
        pieces = self.env.get_template(name).generate(values)
        return await run(partial(_join, pieces))


def _join(pieces: Iterator[str]) -> str:
    found: list[str] = []
    turn = perf_counter() + TURN
    for piece in pieces:
        found.append(piece)
        if perf_counter() > turn:
            wait(asyncio.sleep(0))
            turn = perf_counter() + TURN
    return "".join(found)
