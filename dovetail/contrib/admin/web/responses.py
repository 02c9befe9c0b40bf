"""Check before the commit whether the response of a page or an action can be sent."""

import os
import stat
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import anyio
from starlette.responses import FileResponse, Response, StreamingResponse


@dataclass(frozen=True)
class Unfinished:
    """A page that is completed after the transaction of its request, without holding a connection."""

    finish: Callable[[], Awaitable[Response]]


async def sendable(response: object, source: str) -> Response:
    """Return `response`, which `source` returned, after checking that it can be sent.

    It checks that a file exists, and reads the first chunk of a stream, while an error can still roll everything back.
    Raise TypeError for a value that is not a Response, OSError for a missing file, and the errors of a stream.
    """
    if not isinstance(response, Response):
        raise TypeError(f"{source} answered {_described(response)}, expected a Response of Starlette")
    if isinstance(response, FileResponse) and response.stat_result is None:
        await _look_for_file(response)
    if isinstance(response, StreamingResponse):
        response.body_iterator = await _read_first_piece(response.body_iterator, source)
    return response


def is_refusal(response: object) -> bool:
    """Return True if `response` has a status of 400 or above, so that the transaction has to be rolled back."""
    return isinstance(response, Response) and response.status_code >= HTTPStatus.BAD_REQUEST


def check_outcome(outcome: object, source: str) -> None:
    """Raise TypeError unless the result of the action `source` is None, a text or a Response."""
    if outcome is not None and not isinstance(outcome, str | Response):
        raise TypeError(f"{source} returned {_described(outcome)}, expected None, a text or a Response of Starlette")


async def _look_for_file(response: FileResponse) -> None:
    found = await anyio.to_thread.run_sync(os.stat, response.path)
    if not stat.S_ISREG(found.st_mode):
        raise IsADirectoryError(f"{response.path} is no file that could be sent")
    response.stat_result = found
    response.set_stat_headers(found)


async def _read_first_piece(pieces: AsyncIterable[object], source: str) -> AsyncIterator[Any]:
    iterator = aiter(pieces)
    try:
        first = await anext(iterator)
    except StopAsyncIteration:
        return _chain((), iterator)
    if not isinstance(first, str | bytes | memoryview):
        raise TypeError(f"{source} answered a stream of {_described(first)}, expected text or bytes")
    return _chain((first,), iterator)


async def _chain(first: tuple[object, ...], rest: AsyncIterator[object]) -> AsyncIterator[object]:
    for piece in first:
        yield piece
    async for piece in rest:
        yield piece


def _described(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.80}"
