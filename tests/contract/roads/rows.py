"""All rows of a database as lines of text."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, CursorResult, Select, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail.models import OutgoingMail
from dovetail.contrib.history.models import RecordedChange
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database
from plugins.blog.models import Tag
from tests.contract.roads.shop.models import ShopBase
from tests.library.models import LibraryBase

RANDOM = ("hashed_password", "token_hash")
DRAWN = re.compile(r"(?<![\w.-])\d{10,15}(?![\w.-])")
REFUSALS = (
    EventKind.ACCESS_DENIED,
    EventKind.FACTOR_FAILED,
    EventKind.LOCKOUT,
    EventKind.LOGIN_FAILED,
    EventKind.PROOF_FAILED,
)
LATER = (OutgoingMail.__tablename__,)  # goes when there is time, which is none of a request's work


async def rows_of(database: Database) -> list[str]:
    """The rows of all tables, without what is random.

    The key of a tag, which is drawn, is told as the tag's name: in the order of keys the same rows come in another one
    each time. Models of plugins that other tests have enabled have no tables here.
    """
    lines = []
    async with database.engine.connect() as connection:
        there = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
        for base in (Base, LibraryBase, ShopBase):
            for table in base.metadata.sorted_tables:
                if table.metadata is not base.metadata or table.name not in there.difference(LATER):
                    continue
                columns = [column for column in table.columns if column.name not in RANDOM]
                read = select(*columns).order_by(*table.primary_key)
                if table.name == SecurityEvent.__tablename__:
                    read = _settled(columns)
                rows = await connection.execute(read)
                values = _of_history(rows) if table.name == RecordedChange.__tablename__ else rows
                lines += [f"{table.name} {' '.join(map(_text, row))}" for row in values]
        names = await _names(connection)
    return [DRAWN.sub(lambda found: names.get(found.group(), found.group()), line) for line in lines]


async def _names(connection: AsyncConnection) -> Mapping[str, str]:
    """The names of tags by their keys."""
    return {str(key): f"<{name}>" for key, name in await connection.execute(select(Tag.id, Tag.name))}


def _settled(columns: list[Column[object]]) -> Select[object]:
    """The security events but refusals, which are written a moment later, some as one row: so keys differ too."""
    kept = [column for column in columns if column.name != "id"]
    return select(*kept).where(SecurityEvent.kind.not_in(REFUSALS)).order_by(SecurityEvent.id)


def _of_history(rows: CursorResult[Any]) -> Iterator[list[object]]:
    """The lines of one transaction after those of another, each with its number; in one, they come in any order.

    A line is without the fields that stayed as they were: one statement writes them all, the ORM those that differ.
    """
    transactions = (list(lines) for _, lines in groupby(rows, lambda row: row.transaction))
    for number, lines in enumerate(transactions, 1):
        for row in lines:
            told = row._asdict() | {"id": number, "transaction": number}
            same = {name for name, one in row.before.items() if name in row.after and row.after[name] == one}
            for side in ("before", "after"):
                told[side] = {name: one for name, one in told[side].items() if name not in same}
            yield list(told.values())


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else str(value)
