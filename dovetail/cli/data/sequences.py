"""The counters that hand out new keys on PostgreSQL."""

from collections.abc import Iterator

from sqlalchemy import Column, Sequence, Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def sequences(session: AsyncSession, table: Table) -> dict[str, Column[object]]:
    """Return the columns of `table` that a sequence of PostgreSQL fills in, by the sequence's name, quoted as SQL."""
    preparer = session.get_bind().dialect.identifier_preparer
    named = {preparer.format_sequence(found): column for column, found in _named(table)}
    for column in table.columns:
        if column is table.autoincrement_column or column.identity is not None:
            # The first argument is read as SQL, the second is not:
            # https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CATALOG
            asked = select(func.pg_get_serial_sequence(preparer.format_table(table), column.name))
            if owned := await session.scalar(asked):
                named.setdefault(owned, column)
    return named


def _named(table: Table) -> Iterator[tuple[Column[object], Sequence]]:
    """Sequences that a model names; no column owns them."""
    for column in table.columns:
        for default in (column.default, getattr(column.server_default, "arg", None)):
            if isinstance(default, Sequence):
                yield column, default
            elif isinstance(sequence := getattr(default, "sequence", None), Sequence):  # Sequence(...).next_value()
                yield column, sequence
