"""What a page or an action of a view may answer: whether it can be sent is found out before anything is committed."""

import os
import stat
from collections.abc import AsyncIterable, AsyncIterator
from http import HTTPStatus
from typing import Any

import anyio
from starlette.responses import FileResponse, Response, StreamingResponse


async def ready(answer: object, asked: str) -> Response:
    """Return `answer`, which is what `asked` gave, if it can be sent.

    A file is looked for, and a stream is asked for its first piece, while a failure still undoes everything. Raises
    TypeError for what is no Response, OSError for a file that is not there, and whatever a stream raises.
    """
    if not isinstance(answer, Response):
        raise TypeError(f"{asked} answered {_kind(answer)}, expected a Response of Starlette")
    if isinstance(answer, FileResponse) and answer.stat_result is None:
        await _look_for_file(answer)
    if isinstance(answer, StreamingResponse):
        answer.body_iterator = await _begin(answer.body_iterator, asked)
    return answer


def is_refusal(answer: object) -> bool:
    """Return whether `answer` says that something went wrong, so that nothing is to be kept."""
    return isinstance(answer, Response) and answer.status_code >= HTTPStatus.BAD_REQUEST


def check_outcome(outcome: object, asked: str) -> None:
    """Raise TypeError unless `outcome`, which is what the action `asked` gave, is None, a text or a Response."""
    if outcome is not None and not isinstance(outcome, str | Response):
        raise TypeError(f"{asked} returned {_kind(outcome)}, expected None, a text or a Response of Starlette")


async def _look_for_file(answer: FileResponse) -> None:
    found = await anyio.to_thread.run_sync(os.stat, answer.path)
    if not stat.S_ISREG(found.st_mode):
        raise IsADirectoryError(f"{answer.path} is no file that could be sent")
    answer.stat_result = found
    answer.set_stat_headers(found)


async def _begin(pieces: AsyncIterable[Any], asked: str) -> AsyncIterator[Any]:
    iterator = aiter(pieces)
    try:
        first = await anext(iterator)
    except StopAsyncIteration:
        return _chain((), iterator)
    if not isinstance(first, str | bytes | memoryview):
        raise TypeError(f"{asked} answered a stream of {_kind(first)}, expected text or bytes")
    return _chain((first,), iterator)


async def _chain(first: tuple[Any, ...], rest: AsyncIterator[Any]) -> AsyncIterator[Any]:
    for piece in first:
        yield piece
    async for piece in rest:
        yield piece


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.80}"
