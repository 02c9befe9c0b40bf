"""Pages are written piece by piece, so that a long one holds up nobody else's request."""

import asyncio
from time import perf_counter
from typing import Any

from jinja2 import Environment
from sqladmin.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

TURN = 0.005  # seconds of writing, after which others have their turn


class Templates(Jinja2Templates):
    """SQLAdmin's templates, which let the event loop go on while they are filled in."""

    def __init__(self, environment: Environment) -> None:
        self.env = environment

    async def TemplateResponse(  # type: ignore[override]  # noqa: N802 - SQLAdmin's name; its class is private
        self, request: Request, name: str, context: dict[str, Any] | None = None, status_code: int = 200
    ) -> HTMLResponse:
        """The page that the template `name` makes of `context`."""
        pieces: list[str] = []
        started = perf_counter()
        async for piece in self.env.get_template(name).generate_async({"request": request, **(context or {})}):
            pieces.append(piece)
            if perf_counter() - started > TURN:
                await asyncio.sleep(0)
                started = perf_counter()
        return HTMLResponse("".join(pieces), status_code)
