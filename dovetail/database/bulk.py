"""Change many rows at once, and remove those that are over while others work."""

from sqlalchemy import ColumnElement, delete, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.models import Base

NO_SYNCHRONIZATION = {"synchronize_session": False}  # for statements whose rows nobody looks at in memory
MOST_SWEPT = 1_000  # rows that somebody removes who came for something else


async def delete_some(
    session: AsyncSession, model: type[Base], condition: ColumnElement[bool], *, most: int = MOST_SWEPT
) -> int:
    """Delete up to `most` rows of `model` for which the condition holds, by one statement; return how many it were.

    Rows that somebody else has locked stay for the next time, so nobody waits, and no two wait for each other.
    """
    keys = inspect(model).primary_key
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    # Not in the condition itself: PostgreSQL may ask a subquery again for each row, and each time lock others.
    some = select(*keys).where(condition).limit(most).with_for_update(skip_locked=True).cte()
    statement = delete(model).where(key.in_(select(*some.c))).returning(*keys)
    return len((await session.execute(statement, execution_options=NO_SYNCHRONIZATION)).all())
