"""Objects of the ORM that are made of the driver's rows: as the ORM would load them, for less.

They belong to a session, so that a relation which is read from one of them fails as it does on what the ORM loaded.
"""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Dialect, Table, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute

from dovetail.database.drivers.sqlalchemy_private import add_loaded
from dovetail.resources.sql.json_values import Convert, result_processor

T = TypeVar("T")
# How relations are loaded that the ORM does not load together with the object.
ON_THEIR_OWN = {"select", True, "raise", "raise_on_sql", "noload", None, "write_only", "dynamic"}


class Entities(Generic[T]):
    """Makes objects of `model` of rows of `columns`, which are those that the ORM loads at once."""

    def __init__(self, model: type[T]) -> None:
        self._model = model
        self._mapper = inspect(model)
        self._converters: dict[str, Sequence[tuple[str, Convert | None]]] = {}  # by the name of a dialect

    def columns(self) -> list[InstrumentedAttribute[Any]]:
        """Return the columns, in the order of a row."""
        return [getattr(self._model, attribute.key) for attribute in self._attributes()]

    def are_heard(self) -> bool:
        """Return True if somebody wants to see every object that is loaded. Listeners may be added at any time."""
        return bool(self._mapper.class_manager.dispatch.load)

    def are_plain(self) -> bool:
        """Return True if an object is a row of one table, with nothing that the ORM loads from elsewhere."""
        mapper = self._mapper
        return (
            mapper.inherits is None
            and mapper.polymorphic_on is None
            and len(mapper.primary_key) == 1
            and isinstance(mapper.local_table, Table)
            and all(relation.lazy in ON_THEIR_OWN for relation in mapper.relationships)
            and all(isinstance(attribute.columns[0], Column) for attribute in self._attributes())
        )

    def attach(self, session: AsyncSession, row: Sequence[Any]) -> T:
        """Return the object of a row, which belongs to the session then: the one that it has already, if it has."""
        dialect = session.get_bind().dialect
        converters = self._converters.get(dialect.name)
        if converters is None:
            converters = self._converters[dialect.name] = self._convert(dialect)
        item: T = self._mapper.class_manager.new_instance()
        item.__dict__.update(
            (key, value if convert is None else convert(value))
            for (key, convert), value in zip(converters, row, strict=True)
        )
        key = self._mapper.identity_key_from_instance(item)
        known: T | None = session.sync_session.identity_map.get(key)
        if known is not None:
            return known  # with what the session made of it
        # As the ORM does it with what it loads; session.add() costs several times as much, and begins a transaction.
        add_loaded(session.sync_session, item, key)
        return item

    def has(self, session: AsyncSession, key: object) -> bool:
        """Return True if the session has the object with this key already."""
        return self._mapper.identity_key_from_primary_key((key,)) in session.sync_session.identity_map

    def _attributes(self) -> list[ColumnProperty[Any]]:
        return [attribute for attribute in self._mapper.column_attrs if not attribute.deferred]

    def _convert(self, dialect: Dialect) -> list[tuple[str, Convert | None]]:
        return [(one.key, result_processor(one.columns[0].type, dialect)) for one in self._attributes()]
