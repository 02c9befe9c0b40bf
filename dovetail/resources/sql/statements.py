"""Statements that run at nearly every request: compiled once for each database, and run past SQLAlchemy.

    _BY_NAME = Statement(lambda _: select(Tag.id, Tag.name).where(Tag.name == bindparam("name", type_=Tag.name.type)))
    rows = await _BY_NAME.fetch(session, name="python")

A service uses them beside `session.execute`: they run on the session's connection, in its transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from sqlalchemy import ClauseElement, Dialect, Select, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.database.drivers.session_connection import connection_to_read, connection_to_write
from dovetail.database.drivers.sqlalchemy_private import add_loaded
from dovetail.database.prepared_reads import driver_connection
from dovetail.resources.sql.json_values import Convert, result_processor
from dovetail.resources.sql.prepared import PreparedStatement, Row, prepare

T = TypeVar("T")


class Statement:
    """A statement whose values are placeholders. `build` makes it for a dialect; `writes` says that it changes rows."""

    def __init__(self, build: Callable[[Dialect], ClauseElement], *, writes: bool = False) -> None:
        self._build = build
        self._writes = writes
        self._prepared: dict[str, PreparedStatement] = {}  # by the name of a dialect

    async def fetch(self, session: AsyncSession, **values: object) -> Sequence[Row]:
        """Return all rows, as the driver gives them; that of `members` takes a list. Raises SQLAlchemy's errors."""
        connection = await (connection_to_write if self._writes else connection_to_read)(session)
        dialect = connection.dialect
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            prepared = self._prepared[dialect.name] = self._prepare(dialect)
        return await prepared.fetch(await driver_connection(connection), values)

    def _prepare(self, dialect: Dialect) -> PreparedStatement:
        statement = self._build(dialect)
        prepared = prepare(statement, dialect)
        if prepared is None:
            raise TypeError(f"the text of this statement depends on its values: {statement}")
        return prepared


class EntityStatement(Statement, Generic[T]):
    """A SELECT of one object of the ORM by placeholders; `one_or_none` gives it as the ORM would, for less."""

    def __init__(self, model: type[T], build: Callable[[], Select[T]]) -> None:
        super().__init__(lambda _: build().with_only_columns(*self._columns()))
        self._model = model
        self._select = build
        self._converters: dict[str, Sequence[tuple[str, Convert | None]]] = {}

    async def one_or_none(self, session: AsyncSession, **values: object) -> T | None:
        """Return the object, which belongs to the session then; None if there is none."""
        if inspect(self._model).class_manager.dispatch.load:  # somebody wants to see every object that is loaded
            item: T | None = await session.scalar(self._select(), values)
            return item
        rows = await self.fetch(session, **values)
        if not rows:
            return None
        dialect = (await connection_to_read(session)).dialect
        if dialect.name not in self._converters:
            self._converters[dialect.name] = list(self._convert(dialect))
        return self._attach(session, rows[0], self._converters[dialect.name])

    def _columns(self) -> list[InstrumentedAttribute[object]]:
        return [getattr(self._model, attribute.key) for attribute in inspect(self._model).column_attrs]

    def _convert(self, dialect: Dialect) -> Iterator[tuple[str, Convert | None]]:
        for attribute in inspect(self._model).column_attrs:
            yield attribute.key, result_processor(attribute.columns[0].type, dialect)

    def _attach(self, session: AsyncSession, row: Row, converters: Sequence[tuple[str, Convert | None]]) -> T:
        mapper = inspect(self._model)
        item: T = mapper.class_manager.new_instance()
        item.__dict__.update(
            (key, value if convert is None else convert(value))
            for (key, convert), value in zip(converters, row, strict=True)
        )
        key = mapper.identity_key_from_instance(item)
        known: T | None = session.sync_session.identity_map.get(key)
        if known is not None:
            return known  # with what the session made of it
        # As the ORM does it with what it loads; session.add() costs several times as much, and begins a transaction.
        add_loaded(session.sync_session, item, key)
        return item
