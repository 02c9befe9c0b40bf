"""Removes rows: one statement, or of a model with heirs one for each table that a row may have a part in."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Table, delete, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from dovetail.resources.write.listeners import hears_deletes


async def delete_rows(session: AsyncSession, model: type[Any], items: Sequence[Any]) -> None:
    """Remove the rows of `items`, which are locked; the database removes what hangs on them."""
    mapper = inspect(model)
    keys = [inspect(item).identity[0] for item in items]
    columns = _key_columns(mapper)
    if columns is None or hears_deletes(model):
        for item in items:
            await session.delete(item)
        await session.flush()
    elif len(columns) == 1:
        await session.execute(delete(model).where(mapper.primary_key[0].in_(keys)))
    else:
        await session.flush()
        for column in columns:
            await (await session.connection()).execute(delete(column.table).where(column.in_(keys)))
        _forget(session, items)


@cache
def _key_columns(mapper: Mapper[Any]) -> tuple[Column[Any], ...] | None:
    """The key of each table that a row may have a part in, heirs before those they inherit from.

    None where it is no single column of each: that is the ORM's affair.
    """
    lines = [list(heir.iterate_to_root()) for heir in mapper.self_and_descendants]
    tables = {each.local_table: len(line) - place for line in lines for place, each in enumerate(line)}
    found: list[Column[Any]] = []
    for table in sorted(tables, key=lambda table: tables[table], reverse=True):
        if not isinstance(table, Table) or len(table.primary_key.columns) != 1:
            return None
        found += table.primary_key.columns
    return tuple(found)


def _forget(session: AsyncSession, items: Iterable[Any]) -> None:
    for item in items:
        session.expunge(item)
