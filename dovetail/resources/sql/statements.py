"""Prepared statements: compiled once for each database, and run by the driver on its own.

SQLAlchemy builds and compiles a statement once; after that a request pays for the driver only. All that runs past
SQLAlchemy is a `PreparedStatement`: reads, INSERTs that read back, and what a service declares beside its functions:

    _BY_NAME = Statement(lambda _: select(Tag.id, Tag.name).where(Tag.name == bindparam("name", type_=Tag.name.type)))
    rows = await _BY_NAME.fetch(session, name="python")

A service uses them beside `session.execute`: they run on the session's connection, in its transaction.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

import orjson
from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Dialect, ScalarSelect, Select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.drivers.sqlalchemy_private_statements import bind_processors, copied_from
from dovetail.database.fast_unit_of_work import driver_to_read, driver_to_write, source_to_presume
from dovetail.database.prepared_reads import DriverConnection, PoolSource, ReadSource, session_of
from dovetail.database.presumed import Presumed
from dovetail.resources.sql.entities import Entities
from dovetail.resources.sql.json_values import Convert

T = TypeVar("T")
Row: TypeAlias = Sequence[Any]  # as the driver gives it
PRESUMED = "presumed_"  # with a number: the placeholder for a value of the row that is presumed
NOTHING: Mapping[str, Callable[[], object]] = {}


class Argument(NamedTuple):
    """A placeholder, and the source of its value: a name, a position, a function, or else a constant."""

    name: str | None = None  # among the values that a caller names
    position: int | None = None  # among the values that belong to the viewer
    make: Callable[[], object] | None = None  # a default of a column that Python makes
    constant: object = None
    process: Convert | None = None  # what SQLAlchemy applies to each value for the driver


@dataclass(frozen=True)
class PreparedStatement:
    """A statement that the driver can run."""

    sql: str
    arguments: tuple[Argument, ...]
    # If the last value of the driver's rows is a JSON array of more values: what brings all of them into their order.
    packed: Callable[[Row], Row] | None = None

    def fetch(
        self, connection: DriverConnection, named: Mapping[str, object], positional: Sequence[object] = ()
    ) -> Awaitable[Sequence[Row]]:
        """Return all rows. Raises SQLAlchemy's errors, as the engine would."""
        return self._unpacked(connection.fetch(*self.step(named, positional)))

    def fetch_behind(
        self,
        connection: DriverConnection,
        first: Sequence["PreparedStatement"],
        named: Mapping[str, object],
        positional: Sequence[object] = (),
    ) -> Awaitable[Sequence[Row]]:
        """Run the statements `first` on SQLite, and this one behind them; return its rows; if one fails, none is."""
        steps = [one.step(named, positional) for one in (*first, self)]
        return self._unpacked(connection.fetch_last(steps))

    def step(self, named: Mapping[str, object], positional: Sequence[object] = ()) -> tuple[str, tuple[object, ...]]:
        """Return the text with its arguments, as the driver takes them."""
        values = []
        for name, position, make, constant, process in self.arguments:  # in a function of its own each costs thrice
            if name is not None:
                value = named[name]
            elif position is not None:
                value = positional[position]
            elif make is not None:
                value = make()
            else:
                values.append(constant)
                continue
            values.append(value if process is None else process(value))
        return self.sql, tuple(values)

    def _unpacked(self, rows: Awaitable[Sequence[Row]]) -> Awaitable[Sequence[Row]]:
        return rows if self.packed is None else _unpacked(rows, self.packed)


def prepare(
    statement: ClauseElement,
    dialect: Dialect,
    viewer_values: Sequence[BindParameter[object]] = (),
    defaults: Mapping[str, Callable[[], object]] = NOTHING,
) -> PreparedStatement | None:
    """Compile `statement`; None if its text depends on its values, as that of an IN over a list does.

    What `viewer_values` hold comes from the viewer at each run, and what `defaults` name from a function. Any other
    placeholder without a value is named.
    """
    compiled: Any = statement.compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    # A condition that was adapted holds copies of its values; they know what they were copied from.
    positions = {one: n for n, bind in enumerate(viewer_values) for one in copied_from(bind)}
    processors = bind_processors(compiled)
    binds = [(compiled.binds[name], processors.get(name)) for name in compiled.positiontup or ()]
    return PreparedStatement(str(compiled), tuple(_argument(*one, positions, defaults) for one in binds))


class Statement:
    """A statement whose values are placeholders. `build` makes it for a dialect; `writes` says that it changes rows."""

    def __init__(self, build: Callable[[Dialect], ClauseElement], *, writes: bool = False) -> None:
        self._build = build
        self._writes = writes
        self._prepared: dict[str, PreparedStatement] = {}  # by the name of a dialect

    async def fetch(self, session: AsyncSession, **values: object) -> Sequence[Row]:
        """Return all rows, as the driver gives them; that of `members` takes a list. Raises SQLAlchemy's errors."""
        connection = await (driver_to_write if self._writes else driver_to_read)(session)
        return await self.prepared(connection.dialect).fetch(connection, values)

    def prepared(self, dialect: Dialect) -> PreparedStatement:
        """Return the statement for a dialect."""
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            statement = self._build(dialect)
            prepared = prepare(statement, dialect)
            if prepared is None:
                raise TypeError(f"the text of this statement depends on its values: {statement}")
            self._prepared[dialect.name] = prepared
        return prepared


class Found(Generic[T]):
    """An object that is made when somebody asks for it; `values` are all that was loaded of it, if that can be told.

    `apart` are the values of the columns that are not the object's.
    """

    def __init__(self, values: Hashable | None, make: Callable[[], T], apart: Row = ()) -> None:
        self.values = values
        self.apart = apart
        self._make = make

    @cached_property
    def item(self) -> T:
        """The object."""
        return self._make()


class EntityStatement(Statement, Generic[T]):
    """A SELECT of one object of the ORM by placeholders; `one_or_none` gives it as the ORM would, for less.

    `beside` gives more columns, whose values `note` is handed with the object. So does `apart`, of what is not the
    object's: two that differ in nothing else are equal to whoever compares `Found.values`.

    `known_by` names the placeholder whose value tells one object from another: where the source presumes, the row that
    was given for it before is given again, if it `may_be_presumed` by what stood apart.
    """

    def __init__(
        self,
        model: type[T],
        build: Callable[[], Select[T]],
        *,
        beside: Callable[[Dialect], Sequence[ScalarSelect[str]]] = lambda _dialect: (),
        apart: Sequence[ColumnElement[object]] = (),
        note: Callable[[T, Row], None] = lambda _item, _row: None,
        known_by: str | None = None,
        may_be_presumed: Callable[[Row], bool] = lambda _apart: True,
    ) -> None:
        self._entities = Entities(model)
        super().__init__(self.select)
        self._select = build
        self._beside = beside
        self._apart = tuple(apart)
        self._note = note
        self._known_by = known_by
        self._may_be_presumed = may_be_presumed

    def select(self, dialect: Dialect) -> Select[object]:
        """Return the SELECT of the columns."""
        columns = (*self._entities.columns(), *self._beside(dialect), *self._apart)
        return cast("Select[object]", self._select().with_only_columns(*columns))

    async def one_or_none(self, session: AsyncSession, **values: object) -> T | None:
        """Return the object, which belongs to the session then; None if there is none."""
        if self._entities.are_heard():
            statement = self._select().add_columns(*self._beside(session.get_bind().dialect), *self._apart)
            found = (await session.execute(statement, values)).one_or_none()
            if found is not None:
                self._note(found[0], found[1:])
            return None if found is None else found[0]
        rows = await self.fetch(session, **values)
        return self._made(rows[0], partial(self._entities.attach, session)) if rows else None

    async def find(self, source: ReadSource, **values: object) -> "Found[T] | None":
        """Return the object, which will belong to the session of `source` if it has one; None if there is none.

        Raises NeedsSessionError if somebody listens to the loads of such objects, and there is no session.
        """
        if self._entities.events.load:
            item = await self.one_or_none(session_of(source), **values)
            return None if item is None else Found(None, lambda: item)
        row = await self._row(source, values)
        if row is None:
            return None
        session = source.session
        end = len(row) - len(self._apart)
        make = (
            partial(self._entities.detached, dialect=source.dialect)
            if session is None
            else partial(self._entities.attach, session)
        )
        return Found(row[:end], lambda: self._made(row, make), row[end:])

    async def _row(self, source: ReadSource, values: Mapping[str, object]) -> tuple[object, ...] | None:
        key = None if self._known_by is None else values[self._known_by]
        pool = None if key is None else _source_to_presume(source)
        presumed = None if pool is None else pool.presume(self, key, values)
        if presumed is not None:
            return presumed
        rows = await self.prepared(source.dialect).fetch(await source.connection(), values)
        row = tuple(rows[0]) if rows else None
        if pool is not None and row is not None and self._may_be_presumed(row[len(row) - len(self._apart) :]):
            pool.remember(self, key, row)
        return row

    def values_of(self, item: T) -> Hashable | None:
        """Return all that the statement loads of an object, as it is now; None if something of it is not loaded."""
        return self._entities.values_of(item)

    def place_of(self, name: str) -> int:
        """Return where in `Found.values` the value of this attribute is."""
        return [column.key for column in self._entities.columns()].index(name)

    def _made(self, row: Row, make: Callable[[Row], T]) -> T:
        item = make(row[: self._width])
        self._note(item, row[self._width :])
        return item

    @cached_property
    def _width(self) -> int:
        return len(self._entities.columns())


def confirmed_by(presumed: Presumed) -> dict[str, object]:
    """Return what fills the placeholders of a statement that confirms a presumed row, see `presumed.py`."""
    row = {f"{PRESUMED}{number}": value for number, value in enumerate(presumed.row)}
    return {**presumed.values, **row}


async def _unpacked(rows: Awaitable[Sequence[Row]], order: Callable[[Row], Row]) -> Sequence[Row]:
    return [order((*row[:-1], *orjson.loads(row[-1]))) for row in await rows]


def _source_to_presume(source: ReadSource) -> PoolSource | None:
    return source if isinstance(source, PoolSource) else source_to_presume(source.session)


def _argument(
    bind: BindParameter[object],
    process: Convert | None,
    positions: Mapping[BindParameter[object], int],
    defaults: Mapping[str, Callable[[], object]],
) -> Argument:
    for original in copied_from(bind):
        if original in positions:
            return Argument(position=positions[original], process=process)
    if bind.key in defaults:
        return Argument(make=defaults[bind.key], process=process)
    if bind.required:
        return Argument(name=bind.key, process=process)
    value = bind.effective_value
    return Argument(constant=value if process is None else process(value))
