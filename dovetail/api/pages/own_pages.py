"""Let what an application has below a path tell by pages of its own what is refused before it is reached.

A form that is too large, or holds what nobody can store, is refused by a middleware; whoever sent it from a page of the
back office reads that as a page, in their language.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from dovetail.api.problems import answer
from dovetail.state import StateKey

OWN_PAGES = StateKey[tuple[str, ...]]("own_pages")  # the paths below which pages tell what is wrong
TOLD = "dovetail.told"  # in the scope of a request: the exception that such a page tells of


async def answer_by_page(request: Request, error: Exception) -> Response:
    """Return the page that tells of an error, where there are pages of its own, or what `answer` makes of it."""
    told = await answer(request, error)
    return await _own_page(request, error) if _has_own_pages(request) else told


def _has_own_pages(request: Request) -> bool:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    paths = OWN_PAGES.find(request.app) or ()
    return TOLD not in request.scope and path.startswith(tuple(f"{one}/" for one in paths))


async def _own_page(request: Request, error: Exception) -> Response:
    start: Message = {}
    body: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.append(message.get("body", b""))

    await request.app.router({**request.scope, TOLD: error}, _receive_nothing, send)
    response = Response(b"".join(body), start["status"])
    response.raw_headers = list(start["headers"])
    return response


async def _receive_nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
