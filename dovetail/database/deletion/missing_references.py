"""Find which key of a row leads nowhere, where the driver says of a foreign key only that one was broken: SQLite's."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Column, ForeignKeyConstraint, Table, and_, exists, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from dovetail.database.drivers.broken_rules import refused_columns
from dovetail.database.drivers.lost_connections import code_of

BROKEN = ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY")


def breaks_a_reference(error: Exception) -> bool:
    """Return whether a row was refused for a foreign key."""
    return isinstance(error, IntegrityError) and code_of(error.orig) in BROKEN


async def missing_references(
    session: AsyncSession, model: type[object], values: Mapping[str, object], error: Exception
) -> list[str]:
    """Return the attributes of a row with these values whose foreign key led nowhere, as `error` or the rows tell.

    Nothing, if it is not they, or if that cannot be asked any more: PostgreSQL has told it, and SQLite does as long as
    the session goes on. It takes one statement, and what the session has not written yet stays so.
    """
    mapper: Mapper[object] = inspect(model)
    names: dict[object, str] = {one.columns[0]: one.key for one in mapper.column_attrs}
    tables = [one for one in mapper.tables if isinstance(one, Table)]
    told = refused_columns(getattr(error, "orig", None), tables)
    if told:
        return [names[column] for column in told if column in names]
    keys = [key for table in tables for key in _given(table, names, values)]
    if not keys or not session.is_active or session.get_bind().dialect.name != "sqlite":
        return []
    asked = [exists().where(and_(*(one.column == values[names[one.parent]] for one in key.elements))) for key in keys]
    with session.no_autoflush:
        found = (await session.execute(select(*asked))).one()
    missing = [key for key, is_there in zip(keys, found, strict=True) if not is_there]
    return [names[column] for key in missing for column in _columns(key)]


def _given(table: Table, names: Mapping[object, str], values: Mapping[str, object]) -> Iterator[ForeignKeyConstraint]:
    for key in sorted(table.foreign_key_constraints, key=lambda one: [str(column) for column in _columns(one)]):
        if all(values.get(names.get(column, "")) is not None for column in _columns(key)):
            yield key


def _columns(key: ForeignKeyConstraint) -> list[Column[object]]:
    return [one.parent for one in key.elements]
