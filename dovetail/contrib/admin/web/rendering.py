"""Pages are written piece by piece, so that a long one holds up nobody else's request; and addresses in them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from inspect import isawaitable
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlencode

from jinja2 import Environment
from sqladmin.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dovetail.contrib.admin.web.addresses import KeyConvertor
from dovetail.contrib.admin.web.waiting import let_templates_wait, run, wait

TURN = 0.005  # seconds of writing, after which others have their turn
EachContext = Callable[[Request], Mapping[str, object] | Awaitable[Mapping[str, object]]]
T = TypeVar("T")
PLACEHOLDER = "-key-"
KEYS = KeyConvertor()


async def finished(value: T | Awaitable[T]) -> T:
    """Return what a hook returned, which may be a plain function or be awaited."""
    return await value if isawaitable(value) else value


class Templates(Jinja2Templates):
    """SQLAdmin's templates, which let the event loop go on while they are filled in."""

    def __init__(self, environment: Environment, each_context: EachContext | None = None) -> None:
        let_templates_wait(environment)
        self.env = environment
        self._each_context = each_context

    async def TemplateResponse(  # type: ignore[override]  # noqa: N802 - SQLAdmin's name; its class is private
        self, request: Request, name: str, context: dict[str, object] | None = None, status_code: int = 200
    ) -> HTMLResponse:
        """Return the page that the template `name` makes of `context`."""
        values: dict[str, object] = {"request": request}
        if self._each_context is not None:
            values |= await finished(self._each_context(request))
        return HTMLResponse(await self.write(name, values | (context or {})), status_code)

    async def write(self, name: str, values: Mapping[str, object]) -> str:
        """Return the text that the template `name` makes of `values`."""
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


def path_for(request: Request, name: str, /, pk: object = None, **parameters: object) -> str:
    """Return the path of the route `name`, and of the object with the identifier `pk` if the route has one.

    A list of 200 rows has thousands of links, and each `Request.url_for` walks every route of the site: what stands
    around the identifier is asked for once a request.
    """
    made: dict[tuple[object, ...], tuple[str, str]] = request.scope.setdefault("dovetail_admin_addresses", {})
    key = (name, pk is not None, *parameters.items())
    if key not in made:
        more = {} if pk is None else {"pk": PLACEHOLDER}
        path = request.url_for(name, **parameters, **more).path
        before, _, after = path.rpartition(PLACEHOLDER) if more else (path, "", "")
        made[key] = before, after
    before, after = made[key]
    return before if pk is None else f"{before}{KEYS.to_string(pk)}{after}"


def query_of(request: Request, **changes: object) -> str:
    """Return the query of this page with some parameters changed: to nothing (None), to a value, or to several."""
    found: list[tuple[str, object]] = []
    for key, value in request.query_params.multi_items():
        if key not in changes:
            found.append((key, value))
        elif key not in {name for name, _ in found}:
            found += _pairs(key, changes[key])
    for key in [name for name in changes if name not in request.query_params]:
        found += _pairs(key, changes[key])
    return "?" + urlencode(found)


def _pairs(key: str, value: object) -> list[tuple[str, object]]:
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [(key, one) for one in values]
