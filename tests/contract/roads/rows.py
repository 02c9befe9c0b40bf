"""All rows of a database as lines of text."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Select, inspect, select

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.history.models import RecordedChange
from dovetail.database.models import Base
from dovetail.database.unit_of_work import Database
from tests.contract.roads.shop.models import ShopBase
from tests.contract.roads.twins import parts_of
from tests.library.models import LibraryBase

RANDOM = ("hashed_password", "token_hash", "transaction")  # the last one is PostgreSQL's number of a transaction


async def rows_of(database: Database) -> list[str]:
    """The rows of all tables, without what is random; in the order of what is not.

    Models of plugins that other tests have enabled have no tables here.
    """
    lines = []
    async with database.engine.connect() as connection:
        there = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        for base in (Base, LibraryBase, ShopBase):
            for table in base.metadata.sorted_tables:
                if table.metadata is base.metadata and table.name in there:
                    columns = [column for column in table.columns if column.name not in RANDOM]
                    read = select(*columns).order_by(*table.primary_key)
                    if table.name == SecurityEvent.__tablename__:
                        read = _settled(columns)
                    rows = await connection.execute(read)
                    values = map(_of_history if table.name == RecordedChange.__tablename__ else tuple, rows)
                    lines += [f"{table.name} {' '.join(map(_text, row))}" for row in values]
    return sorted(lines, key=lambda line: parts_of(line)[0])


def _settled(columns: list[Column[object]]) -> Select[object]:
    """The security events but refusals, which are written a moment later, several as one row: so keys differ too."""
    kept = [column for column in columns if column.name != "id"]
    return select(*kept).where(SecurityEvent.kind != EventKind.ACCESS_DENIED).order_by(SecurityEvent.id)


def _of_history(row: Row[Any]) -> Iterator[object]:
    """A line without the fields that stayed as they were: one statement writes them all, the ORM those that differ."""
    before, after = row.before, row.after
    same = {name for name in before if name in after and before[name] == after[name]}
    for value in row:
        is_picture = value is before or value is after
        yield {name: one for name, one in value.items() if name not in same} if is_picture else value


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else str(value)
