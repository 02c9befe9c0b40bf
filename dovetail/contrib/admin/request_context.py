"""The current request and its session, for code that gets neither from SQLAdmin."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from fastapi import BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

LateTexts = dict[str, tuple[str, Collection[str]]]  # by place in a page: Markdown, and the hosts of its images


@dataclass(frozen=True)
class RequestContext:
    """One request to the back office and the one session it works in."""

    request: Request
    session: AsyncSession
    responses: list[Response] = field(default_factory=list)  # of hooks; the last one is sent in place of ours
    after_commit: BackgroundTasks = field(default_factory=BackgroundTasks)  # run once the response was sent
    late_texts: LateTexts = field(default_factory=dict)  # rendered once the transaction is over
    searches: set[tuple[type[object], str]] = field(default_factory=set)  # whose frequent words are known
    frequent_words: set[str] = field(default_factory=set)  # words of the search that very many rows hold


_context: ContextVar[RequestContext] = ContextVar("dovetail_admin_request_context")


@contextmanager
def enter_request_context(request: Request, session: AsyncSession) -> Iterator[RequestContext]:
    """Make a request and its session the current ones inside the block."""
    context = RequestContext(request, session)
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def request_context() -> RequestContext:
    """Return the request that is being answered, with its session. Raises LookupError outside of one."""
    return _context.get()
