"""Delete expired rows in batches: the work of `manage.py purge-expired`, for auth and for plugins.

A plugin lists its own expiring rows at the extension point `auth.expired`: a name for messages, the model, and a
function of the context that returns the condition.

    Plugin(..., extensions={"auth.expired": lazy("plugins.shop.carts:EXPIRED")})

    EXPIRED = ("cart", Cart, lambda _context: Cart.expires_at <= datetime.now(UTC))

A fourth part may be a function that deletes them, for a plugin that notes what it deletes; it is called like
`delete_some`, in the transaction of each batch.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.accounts.one_time_tokens import is_over
from dovetail.contrib.auth.models import OneTimeToken
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.database.bulk import delete_some, sharing_writes
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context

EXTENSION_POINT = "auth.expired"
BATCH = 1000  # rows per transaction
Condition: TypeAlias = ColumnElement[bool]


class Delete(Protocol):
    """Deletes up to `most` rows of a model that meet a condition, and returns how many it deleted."""

    async def __call__(self, session: AsyncSession, model: type[Base], condition: Condition, /, *, most: int) -> int:
        """Delete them by the session, whose transaction is committed afterwards."""


Expired: TypeAlias = tuple[str, type[Base], Callable[[Context], Condition], Delete]


def expired_of(context: Context) -> Iterator[Expired]:
    """Yield the expiring rows of auth and of the enabled plugins.

    Raise ConfigurationError for an invalid entry of a plugin.
    """
    yield "session", Session, lambda _context: Session.expires_at <= datetime.now(UTC), delete_some
    yield "personal token", PersonalToken, lambda _context: PersonalToken.expires_at <= datetime.now(UTC), delete_some
    yield "one-time token", OneTimeToken, lambda _context: is_over(datetime.now(UTC)), delete_some
    for found in context.extensions(EXTENSION_POINT):
        match found:
            case (str() as title, type() as model, condition) if issubclass(model, Base) and callable(condition):
                yield title, model, condition, delete_some
            case (str() as title, type() as model, condition, delete) if (
                issubclass(model, Base) and callable(condition) and callable(delete)
            ):
                yield title, model, condition, delete
            case _:
                raise ConfigurationError(
                    f"The extension point {EXTENSION_POINT!r} holds {found!r:.80}, expected what a row is called, its "
                    'model, and a function that returns a condition: ("cart", Cart, is_over)'
                )


async def count_rows(database: Database, model: type[Base], condition: Condition) -> int:
    """Return how many rows of `model` meet the condition."""
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(model).where(condition)) or 0


async def delete_in_batches(
    database: Database, model: type[Base], condition: Condition, delete: Delete = delete_some
) -> AsyncIterator[int]:
    """Delete the rows of `model` that meet the condition, and yield the number of each batch.

    Each batch is a transaction of its own. `delete_some` skips rows that are locked, so that nobody waits.
    """
    count = BATCH
    while count == BATCH:
        async with sharing_writes(database), database.unit_of_work() as session:
            count = await delete(session, model, condition, most=BATCH)
        if count:
            yield count
