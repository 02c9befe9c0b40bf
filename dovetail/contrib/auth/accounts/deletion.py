"""Prepare the deletion of a user: record it, and delete rows that have no foreign key to the user."""

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.plugin import context_of

EXTENSION_POINT = "auth.delete_user"


async def prepare_deletion(session: AsyncSession, user: User) -> None:
    """Record that `user` is about to be deleted, and let plugins delete rows that have no foreign key to the user.

    Plugins list async functions `(session, user)` at the extension point; they run in the same transaction.
    """
    await record(session, EventKind.USER_DELETED, user=user)
    for forget in context_of(session).extensions(EXTENSION_POINT):
        await forget(session, user)
    await session.flush()  # the caller may delete the user by a precompiled statement, which does not flush
