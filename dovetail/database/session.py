"""FastAPI dependencies for the database: a session with one transaction a request, and sessions for streams."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Annotated, TypeAlias

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.prepared_reads import ReadSource as ReadSource
from dovetail.database.unit_of_work import DATABASE
from dovetail.database.unit_of_work import Database as Database
from dovetail.database.unit_of_work import lookup_session as lookup_session

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
StreamSessions: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncSession]]


async def unit_of_work(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Yield the one session of a request, in one transaction: committed on success, rolled back on any exception.

    Tests override this in `app.dependency_overrides` to bring another database. Raise UnavailableError, which answers
    503, if no connection comes free in time.
    """
    database = DATABASE.get(connection.app)
    async with database.unit_of_work(read_only=connection.scope.get("method") in SAFE_METHODS) as session:
        yield session


async def stream_sessions(connection: HTTPConnection) -> StreamSessions:
    """Return a function that opens a unit of work, for an answer that is sent bit by bit.

    `SessionDep` is closed before the first byte is sent. A client may read a stream for hours, and no connection may
    be held so long: open a session whenever the database is needed, and hold none in between.

        async with sessions() as session:
            rows = (await session.scalars(statement)).all()
        for row in rows:
            yield row

    A block is one transaction: committed at its end, rolled back on any exception, also when the client hangs up. Send
    nothing within the block, since a slow client would keep the connection. Tests override this to bring another
    database.
    """
    database = DATABASE.get(connection.app)
    return partial(database.unit_of_work, read_only=connection.scope.get("method") in SAFE_METHODS)


# scope="function" commits before the response leaves, so that a failed COMMIT can still become an error.
SessionDep = Annotated[AsyncSession, Depends(unit_of_work, scope="function")]
"""The session of a request: the same for every dependency of the request. Services flush and never commit."""

StreamSessionsDep = Annotated[StreamSessions, Depends(stream_sessions)]
"""A function that opens a session for a part of a stream: `async with sessions() as session`."""


async def read_source(session: SessionDep) -> ReadSource:
    """Return the source of a request's reads: its session."""
    return SessionSource(session)


SourceDep = Annotated[ReadSource, Depends(read_source)]
"""The source of reads for a list's `values`: the session of the request, or on the fast path a bare connection."""
