"""Find which foreign key of a row refers to a missing row, where the driver reports only that one does.

SQLite reports no more than that, and neither does a COMMIT that checks deferred foreign keys on SQLite: these are
checked here before the COMMIT.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Column, ForeignKeyConstraint, Table, and_, exists, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from dovetail.database.drivers.broken_rules import is_deferred, refused_columns
from dovetail.database.drivers.lost_connections import code_of

BROKEN = ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY")
Values = Mapping[str, object]
MAXIMUM_MODELS = 1_000
AT_ONCE = 500  # keys per SELECT, a column each: PostgreSQL allows 1664 columns, SQLite 2000


def breaks_a_reference(error: Exception) -> bool:
    """Return True if the database refused a row because of a foreign key."""
    return isinstance(error, IntegrityError) and code_of(error.orig) in BROKEN


async def missing_references(session: AsyncSession, model: type[object], values: Values, error: Exception) -> list[str]:
    """Return the attributes of a row with these values whose foreign key refers to a missing row.

    On PostgreSQL the error names them. On SQLite one SELECT looks for the referenced rows, if the session is still
    active; pending changes are not flushed for it. Return an empty list if the cause is unknown.
    """
    mapper: Mapper[object] = inspect(model)
    names = _names(mapper)
    told = refused_columns(getattr(error, "orig", None), _tables(mapper))
    if told:
        return [names[column] for column in told if column in names]
    keys = [key for key in _keys(mapper) if _is_given(key, names, values)]
    if not keys or not session.is_active or session.get_bind().dialect.name != "sqlite":
        return []
    with session.no_autoflush:
        found = await _are_there(session, names, [(key, values) for key in keys])
    return _lost(names, keys, found)


def has_deferred_keys(model: type[object]) -> bool:
    """Return True if the model has a foreign key that is checked at COMMIT (INITIALLY DEFERRED)."""
    return bool(_deferred(inspect(model)))


async def lost_references(session: AsyncSession, model: type[object], rows: Sequence[Values]) -> dict[int, list[str]]:
    """Return, by number of the row, the attributes whose deferred foreign key refers to a missing row.

    No statement runs if the model has no deferred foreign keys, or no row sets one.
    """
    mapper: Mapper[object] = inspect(model)
    keys, names = _deferred(mapper), _names(mapper)
    asked = [(number, key) for number, row in enumerate(rows) for key in keys if _is_given(key, names, row)]
    lost: dict[int, list[str]] = {}
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        found = await _are_there(session, names, [(key, rows[number]) for number, key in some])
        for (number, key), is_there in zip(some, found, strict=True):
            if not is_there:
                lost.setdefault(number, []).extend(_lost(names, [key], [False]))
    return lost


async def _are_there(
    session: AsyncSession, names: Mapping[object, str], keys: Sequence[tuple[ForeignKeyConstraint, Values]]
) -> Sequence[object]:
    """Return for each key whether the row that it refers to exists."""
    asked = [
        exists().where(and_(*(one.column == values[names[one.parent]] for one in key.elements))) for key, values in keys
    ]
    return (await session.execute(select(*asked))).one()


def _lost(names: Mapping[object, str], keys: Sequence[ForeignKeyConstraint], found: Sequence[object]) -> list[str]:
    missing = [key for key, is_there in zip(keys, found, strict=True) if not is_there]
    return [names[column] for key in missing for column in _columns(key)]


def _names(mapper: Mapper[object]) -> dict[object, str]:
    return {one.columns[0]: one.key for one in mapper.column_attrs}


def _tables(mapper: Mapper[object]) -> list[Table]:
    return [one for one in mapper.tables if isinstance(one, Table)]


def _keys(mapper: Mapper[object]) -> Iterator[ForeignKeyConstraint]:
    for table in _tables(mapper):
        yield from sorted(table.foreign_key_constraints, key=lambda one: [str(column) for column in _columns(one)])


@lru_cache(MAXIMUM_MODELS)
def _deferred(mapper: Mapper[object]) -> tuple[ForeignKeyConstraint, ...]:
    return tuple(one for one in _keys(mapper) if is_deferred(one))


def _is_given(key: ForeignKeyConstraint, names: Mapping[object, str], values: Values) -> bool:
    return all(values.get(names.get(column, "")) is not None for column in _columns(key))


def _columns(key: ForeignKeyConstraint) -> list[Column[object]]:
    return [one.parent for one in key.elements]
