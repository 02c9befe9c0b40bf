"""Links between rows: made and removed as often as anybody asks."""

from sqlalchemy import Table, and_, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


async def link(session: AsyncSession, table: Table, **keys: int) -> None:
    """Make the link of these keys, if there is none; two who do so at once make one."""
    # Both databases know ON CONFLICT DO NOTHING, each in a dialect of its own.
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(table).values(keys).on_conflict_do_nothing())


async def unlink(session: AsyncSession, table: Table, **keys: int) -> None:
    """Remove the link of these keys, if there is one."""
    await session.execute(delete(table).where(and_(*(table.c[name] == key for name, key in keys.items()))))
