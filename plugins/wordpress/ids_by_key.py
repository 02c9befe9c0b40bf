"""Find many rows by a key, in several statements, since databases limit the number of parameters in one."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

PAGE = 500


async def ids_by_key(
    session: AsyncSession,
    key: ColumnElement[str] | InstrumentedAttribute[str],
    value: InstrumentedAttribute[int],
    wanted: Iterable[str],
    *conditions: ColumnElement[bool],
) -> dict[str, int]:
    """Return `value` of the rows whose `key` is in `wanted`, by key."""
    keys = list(dict.fromkeys(wanted))
    found: dict[str, int] = {}
    for start in range(0, len(keys), PAGE):
        statement: Any = select(key, value).where(key.in_(keys[start : start + PAGE]), *conditions)
        found |= {row[0]: row[1] for row in await session.execute(statement)}
    return found
