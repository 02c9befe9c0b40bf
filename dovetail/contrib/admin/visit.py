"""The request that is being answered and its transaction, for the parts of SQLAdmin that are handed neither."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class Visit:
    """One request to the back office and the one session it works in."""

    request: Request
    session: AsyncSession
    answers: list[Response] = field(default_factory=list)  # the last is sent in place of ours
    frequent: set[str] = field(default_factory=set)  # words of the search that very many rows hold


_visit: ContextVar[Visit] = ContextVar("dovetail_admin_visit")


@contextmanager
def visiting(request: Request, session: AsyncSession) -> Iterator[None]:
    """Make this the current visit inside the block."""
    token = _visit.set(Visit(request, session))
    try:
        yield
    finally:
        _visit.reset(token)


def current_visit() -> Visit:
    """The visit that is being answered. Raises LookupError outside of one."""
    return _visit.get()
