"""Look at rows before a transaction begins, so that nobody waits for a connection that somebody else only holds.

Who has to wait for something that is not the database (a password's hash, a mail server, another site) does it first,
and locks then. What is to be known before is read here, in a transaction that is over at the end of the block:

    async with beside(session) as lookup:
        user = await get_user_by_login(lookup, name)
    verified, _ = await verify_password(password, user.hashed_password)  # no connection is held, no row is locked
    user = await session.get_one(User, user.id, with_for_update=True)  # and now see whether it is still so
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.engine.transactions import READ_ONLY


@asynccontextmanager
async def beside(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """A session that reads what is committed, on the database of `session`, which must not have been used yet."""
    async with AsyncSession(session.bind, expire_on_commit=False, close_resets_only=False) as lookup:
        await lookup.connection(execution_options={READ_ONLY: True})
        yield lookup
