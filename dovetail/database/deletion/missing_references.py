"""Find which key of a row leads nowhere, where the driver says of a foreign key only that one was broken: SQLite's.

Nor does a COMMIT say it that looks at keys which are deferred to it: whoever wrote rows asks for those before.
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
AT_ONCE = 500  # a SELECT of PostgreSQL has 1664 columns at most, one of SQLite 2000


def breaks_a_reference(error: Exception) -> bool:
    """Return whether a row was refused for a foreign key."""
    return isinstance(error, IntegrityError) and code_of(error.orig) in BROKEN


async def missing_references(session: AsyncSession, model: type[object], values: Values, error: Exception) -> list[str]:
    """Return the attributes of a row with these values whose foreign key led nowhere, as `error` or the rows tell.

    Nothing, if it is not they, or if that cannot be asked any more: PostgreSQL has told it, and SQLite does as long as
    the session goes on. It takes one statement, and what the session has not written yet stays so.
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
    """Return whether the COMMIT is what looks at a foreign key of a model."""
    return bool(_deferred(inspect(model)))


async def lost_references(session: AsyncSession, model: type[object], rows: Sequence[Values]) -> dict[int, list[str]]:
    """Return the attributes whose foreign key is deferred to the COMMIT and leads nowhere, by the number of the row.

    A model without such keys takes no statement, nor do rows whose values have none.
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
    """Return of each key of a row whether it leads to a row."""
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
