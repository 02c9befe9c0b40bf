"""Keep what is loaded of the user of a request when a savepoint is rolled back.

SQLAlchemy then forgets the attributes of every object that the savepoint has changed, and that an object refers to the
user, as an author, changes the user too. The page that tells what was wrong asks the user for permissions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession


@asynccontextmanager
async def keeping_loaded(session: AsyncSession, user: object) -> AsyncIterator[None]:
    """Load the attributes of `user` again that were loaded before the block and are not any more after it."""
    mapper = inspect(type(user), raiseerr=True)
    before = [name for name in user.__dict__ if name in mapper.attrs]
    try:
        yield
    except Exception:
        with suppress(SQLAlchemyError):  # the connection may be gone, which the first error tells
            await _load_again(session, user, before)
        raise
    await _load_again(session, user, before)


async def _load_again(session: AsyncSession, user: object, names: list[str]) -> None:
    lost = [name for name in names if name not in user.__dict__]
    if lost and user in session:
        await session.refresh(user, lost)
