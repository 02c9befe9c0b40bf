"""ORM objects made directly from the driver's rows: the same as the ORM would load, at a fraction of the cost.

They are attached to a session, or detached if the read has none. Reading an attribute that was not loaded raises.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Dialect, Table, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute

from dovetail.database.drivers.sqlalchemy_private import add_loaded, set_identity
from dovetail.database.fast_unit_of_work import dialect_of
from dovetail.resources.sql.json_values import Convert, result_processor

T = TypeVar("T")
# Values of `relationship(lazy=...)` with which the ORM does not load the relation together with the object.
ON_THEIR_OWN = {"select", True, "raise", "raise_on_sql", "noload", None, "write_only", "dynamic"}


class Entities(Generic[T]):
    """Makes objects of `model` from rows of `columns`, the columns that the ORM does not defer."""

    def __init__(self, model: type[T]) -> None:
        self._model = model
        self._mapper = inspect(model)
        self.events: Any = self._mapper.class_manager.dispatch  # `load` is true if there are listeners
        self._converters: dict[str, tuple[list[str], list[tuple[str, Convert]]]] = {}  # by the name of a dialect

    def columns(self) -> list[InstrumentedAttribute[object]]:
        """Return the columns, in the order of a row."""
        return [getattr(self._model, attribute.key) for attribute in self._attributes()]

    def have_load_listeners(self) -> bool:
        """Return True if the `load` event has listeners. They may be added at any time."""
        return bool(self.events.load)

    def are_plain(self) -> bool:
        """Return True if an object is one row of one table, and the ORM loads no relations with it."""
        mapper = self._mapper
        return (
            mapper.inherits is None
            and mapper.polymorphic_on is None
            and len(mapper.primary_key) == 1
            and isinstance(mapper.local_table, Table)
            and all(relation.lazy in ON_THEIR_OWN for relation in mapper.relationships)
            and all(isinstance(attribute.columns[0], Column) for attribute in self._attributes())
        )

    def attach(self, session: AsyncSession, row: Sequence[object]) -> T:
        """Return the object of a row, attached to the session; if the session has it already, return that one."""
        item, key = self._make(row, dialect_of(session))
        known: T | None = session.sync_session.identity_map.get(key)
        if known is not None:
            return known  # with its pending changes
        # As the ORM does for what it loads; session.add() costs several times as much, and begins a transaction.
        add_loaded(session.sync_session, item, key)
        return item

    def detached(self, row: Sequence[object], dialect: Dialect) -> T:
        """Return the object of a row, without a session: a lazy load raises DetachedInstanceError."""
        item, key = self._make(row, dialect)
        set_identity(item, key)
        return item

    def has(self, session: AsyncSession, key: object) -> bool:
        """Return True if the session's identity map has the object with this key."""
        return self._mapper.identity_key_from_primary_key((key,)) in session.sync_session.identity_map

    def values_of(self, item: T) -> Hashable | None:
        """Return the values of the columns; None if one of them is not loaded or is expired."""
        try:
            found: tuple[object, ...] = self._pick(item.__dict__)
        except KeyError:
            return None
        return found

    @cached_property
    def _pick(self) -> Callable[[dict[str, object]], Any]:
        return itemgetter(*(attribute.key for attribute in self._attributes()))

    @cached_property
    def _key_names(self) -> list[str]:
        mapper = self._mapper
        return [mapper.get_property_by_column(column).key for column in mapper.primary_key]

    def _make(self, row: Sequence[object], dialect: Dialect) -> tuple[T, Any]:
        """Return a new object and its identity key."""
        found = self._converters.get(dialect.name)
        if found is None:
            found = self._converters[dialect.name] = self._convert(dialect)
        keys, converters = found
        item: T = self._mapper.class_manager.new_instance()
        values = item.__dict__
        values.update(zip(keys, row, strict=True))
        for key, convert in converters:
            values[key] = convert(values[key])
        return item, self._mapper.identity_key_from_primary_key([values[name] for name in self._key_names])

    def _attributes(self) -> list[ColumnProperty[object]]:
        return [attribute for attribute in self._mapper.column_attrs if not attribute.deferred]

    def _convert(self, dialect: Dialect) -> tuple[list[str], list[tuple[str, Convert]]]:
        """Return the names of the attributes, and the converters for those whose driver values need one."""
        steps = {one.key: result_processor(one.columns[0].type, dialect) for one in self._attributes()}
        return list(steps), [(key, step) for key, step in steps.items() if step is not None]
