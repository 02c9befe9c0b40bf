"""Delete expired rows in batches: the work of `manage.py purge-expired`, for auth and for plugins.

A plugin lists its own expiring rows at the extension point `auth.expired`: a name for messages, the model, and a
function of the context that returns the condition.

    Plugin(..., extensions={"auth.expired": lazy("plugins.shop.carts:EXPIRED")})

    EXPIRED = ("cart", Cart, lambda _context: Cart.expires_at <= datetime.now(UTC))
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, func, select

from dovetail.contrib.auth.accounts.one_time_tokens import is_over
from dovetail.contrib.auth.models import OneTimeToken
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.database.bulk import delete_some
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context

EXTENSION_POINT = "auth.expired"
BATCH = 1000  # rows per transaction
Condition: TypeAlias = ColumnElement[bool]
Expired: TypeAlias = tuple[str, type[Base], Callable[[Context], Condition]]


def expired_of(context: Context) -> Iterator[Expired]:
    """Yield the expiring rows of auth and of the enabled plugins.

    Raise ConfigurationError for an invalid entry of a plugin.
    """
    yield "session", Session, lambda _context: Session.expires_at <= datetime.now(UTC)
    yield "personal token", PersonalToken, lambda _context: PersonalToken.expires_at <= datetime.now(UTC)
    yield "one-time token", OneTimeToken, lambda _context: is_over(datetime.now(UTC))
    for found in context.extensions(EXTENSION_POINT):
        match found:
            case (str() as title, type() as model, condition) if issubclass(model, Base) and callable(condition):
                yield title, model, condition
            case _:
                raise ConfigurationError(
                    f"The extension point {EXTENSION_POINT!r} holds {found!r:.80}, expected what a row is called, its "
                    'model, and a function that returns a condition: ("cart", Cart, is_over)'
                )


async def count_rows(database: Database, model: type[Base], condition: Condition) -> int:
    """Return how many rows of `model` meet the condition."""
    async with database.unit_of_work(read_only=True) as session:
        return await session.scalar(select(func.count()).select_from(model).where(condition)) or 0


async def delete_in_batches(database: Database, model: type[Base], condition: Condition) -> AsyncIterator[int]:
    """Delete the rows of `model` that meet the condition, and yield the number of each batch.

    Each batch is a transaction of its own, and skips rows that are locked, so that nobody waits.
    """
    count = BATCH
    while count == BATCH:
        async with database.unit_of_work() as session:
            count = await delete_some(session, model, condition, most=BATCH)
        if count:
            yield count
