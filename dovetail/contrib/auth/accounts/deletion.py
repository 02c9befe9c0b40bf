"""Prepare the deletion of a user: record it, and delete what no foreign key deletes."""

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.plugin import context_of

EXTENSION_POINT = "auth.delete_user"


async def prepare_deletion(session: AsyncSession, user: User) -> None:
    """Record that `user` is about to be deleted, and let plugins remove what is theirs and has no foreign key.

    A plugin lists an async function, `(session, user)`, at the extension point; it runs in the same transaction.
    """
    await record(session, EventKind.USER_DELETED, user=user)
    for forget in context_of(session).extensions(EXTENSION_POINT):
        await forget(session, user)
    await session.flush()  # the user may go by a statement that was compiled before, which is none of the session's
