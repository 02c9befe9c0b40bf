"""The session as FastAPI endpoints ask for it; `SessionDep` is the only public one: two would be two sessions."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.database.session import Database

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def unit_of_work(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """One transaction a request; tests override this to bring another database."""
    database: Database = connection.app.state.database
    read_only = connection.scope.get("method") in SAFE_METHODS
    async with database.unit_of_work(read_only=read_only) as session:
        yield session


# scope="function" commits before the response leaves, so that a failed COMMIT can still become an error.
SessionDep = Annotated[AsyncSession, Depends(unit_of_work, scope="function")]
