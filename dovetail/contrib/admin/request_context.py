"""The current request and its session, for code that SQLAdmin passes neither."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from fastapi import BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

LateTexts = dict[str, tuple[str, Collection[str]]]  # by placeholder: Markdown, and the hosts of its images


@dataclass(frozen=True)
class RequestContext:
    """A request to the back office, and its session."""

    request: Request
    session: AsyncSession
    responses: list[Response] = field(default_factory=list)  # of hooks; the last one replaces the default one
    after_commit: BackgroundTasks = field(default_factory=BackgroundTasks)  # run after the response was sent
    late_texts: LateTexts = field(default_factory=dict)  # rendered after the transaction
    searches: set[tuple[type[object], str]] = field(default_factory=set)  # whose frequent words are known
    frequent_words: set[str] = field(default_factory=set)  # words of the search that very many rows contain


_context: ContextVar[RequestContext] = ContextVar("dovetail_admin_request_context")


@contextmanager
def enter_request_context(request: Request, session: AsyncSession) -> Iterator[RequestContext]:
    """Make a request and its session the current ones within the block."""
    context = RequestContext(request, session)
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def request_context() -> RequestContext:
    """Return the current request with its session. Raise LookupError outside of a request."""
    return _context.get()
