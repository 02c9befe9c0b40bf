"""Prepared statements: compiled once for each database, and run by the driver without SQLAlchemy.

SQLAlchemy builds and compiles a statement once; after that a request pays for the driver only. Everything that bypasses
SQLAlchemy is a `PreparedStatement`: reads, INSERTs that read back, and statements that a service declares:

    _BY_NAME = Statement(lambda _: select(Tag.id, Tag.name).where(Tag.name == bindparam("name", type_=Tag.name.type)))
    rows = await _BY_NAME.fetch(session, name="python")

A service can use them next to `session.execute`: they run on the session's connection, in its transaction.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

import orjson
from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Dialect, ScalarSelect, Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from dovetail.database.drivers.sqlalchemy_private_statements import bind_processors, copied_from
from dovetail.database.fast_unit_of_work import driver_to_read, driver_to_write, source_to_presume
from dovetail.database.prepared_reads import DriverConnection, PoolSource, ReadSource, session_of
from dovetail.database.presumed import Presumed
from dovetail.resources.sql.entities import Entities
from dovetail.resources.sql.json_values import Convert

T = TypeVar("T")
Row: TypeAlias = Sequence[Any]  # as the driver returns it
PRESUMED = "presumed_"  # prefix of a number: the placeholder for a value of the presumed row
NOTHING: Mapping[str, Callable[[], object]] = {}
MAXIMUM_PLANS = 500  # per resource; each is some kilobytes


class Argument(NamedTuple):
    """A placeholder, and the source of its value: a name, a position, a function, or else a constant."""

    name: str | None = None  # of a named argument
    position: int | None = None  # in the list of the viewer's values
    make: Callable[[], object] | None = None  # a column default in Python
    constant: object = None
    process: Convert | None = None  # SQLAlchemy's conversion of the value for the driver


@dataclass(frozen=True)
class PreparedStatement:
    """A compiled statement that the driver can run."""

    sql: str
    arguments: tuple[Argument, ...]
    # If the last value of the driver's rows is a JSON array of further values: puts all values in their order.
    packed: Callable[[Row], Row] | None = None
    kinds: tuple[TypeEngine[object], ...] = ()  # of the arguments

    def fetch(
        self, connection: DriverConnection, named: Mapping[str, object], positional: Sequence[object] = ()
    ) -> Awaitable[Sequence[Row]]:
        """Run the statement and return all rows. Raise SQLAlchemy's errors, as the engine would."""
        return self._unpacked(connection.fetch(*self.step(named, positional)))

    def fetch_behind(
        self,
        connection: DriverConnection,
        first: Sequence["PreparedStatement"],
        named: Mapping[str, object],
        positional: Sequence[object] = (),
    ) -> Awaitable[Sequence[Row]]:
        """Run the statements `first` on SQLite, then this one, and return its rows. If one fails, none is applied."""
        steps = [one.step(named, positional) for one in (*first, self)]
        return self._unpacked(connection.fetch_last(steps))

    def step(self, named: Mapping[str, object], positional: Sequence[object] = ()) -> tuple[str, tuple[object, ...]]:
        """Return the SQL and the arguments for the driver."""
        values = []
        for (
            name,
            position,
            make,
            constant,
            process,
        ) in self.arguments:  # inlined, as calls cost thrice
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
    """Compile `statement`; return None if its SQL depends on the values, such as an IN over a list.

    At each run, the values of `viewer_values` are passed by position, those named in `defaults` are made by a function,
    and those of other placeholders without a value are passed by name.
    """
    compiled: Any = statement.compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    # An adapted condition contains copies of its bind parameters, which refer to their originals.
    positions = {one: n for n, bind in enumerate(viewer_values) for one in copied_from(bind)}
    processors = bind_processors(compiled)
    binds = [(compiled.binds[name], processors.get(name)) for name in compiled.positiontup or ()]
    arguments = tuple(_argument(*one, positions, defaults) for one in binds)
    return PreparedStatement(str(compiled), arguments, kinds=tuple(bind.type for bind, _ in binds))


class Statement:
    """A statement with placeholders. `build` makes it for a dialect; `writes` says that it changes rows."""

    def __init__(self, build: Callable[[Dialect], ClauseElement], *, writes: bool = False) -> None:
        self._build = build
        self._writes = writes
        self._prepared: dict[str, PreparedStatement] = {}  # by the name of a dialect

    async def fetch(self, session: AsyncSession, **values: object) -> Sequence[Row]:
        """Run the statement and return all rows; a placeholder of `members` takes a list. Raise SQLAlchemy's errors."""
        connection = await (driver_to_write if self._writes else driver_to_read)(session)
        return await self.prepared(connection.dialect).fetch(connection, values)

    def prepared(self, dialect: Dialect) -> PreparedStatement:
        """Return the compiled statement for a dialect."""
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            statement = self._build(dialect)
            prepared = prepare(statement, dialect)
            if prepared is None:
                raise TypeError(f"the text of this statement depends on its values: {statement}")
            self._prepared[dialect.name] = prepared
        return prepared


class Found(Generic[T]):
    """A found row, whose object is made when `item` is first read.

    `values` are all values loaded for the object, None if the ORM loaded it; `apart` are the values of extra columns.
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
    """A SELECT of one ORM object by placeholders; `one_or_none` returns it as the ORM would, at less cost.

    `beside` and `apart` are further columns, whose values `note` receives together with the object. Those of `apart`
    are not part of `Found.values`, by which two rows are compared.

    `known_by` names the placeholder that identifies the object. If the source allows presuming, the row that was read
    for the same value before is returned again, provided that `may_be_presumed` accepts its `apart` values.
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
        """Return the object, attached to the session; None if there is none."""
        if self._entities.have_load_listeners():
            statement = self._select().add_columns(*self._beside(session.get_bind().dialect), *self._apart)
            found = (await session.execute(statement, values)).one_or_none()
            if found is not None:
                self._note(found[0], found[1:])
            return None if found is None else found[0]
        rows = await self.fetch(session, **values)
        return self._made(rows[0], partial(self._entities.attach, session)) if rows else None

    async def find(self, source: ReadSource, **values: object) -> "Found[T] | None":
        """Return the row found, None if there is none. Its object is attached to the session of `source`, if any.

        Raise NeedsSessionError if the `load` event has listeners and there is no session.
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
        """Return the current values of the object's columns; None if one of them is not loaded."""
        return self._entities.values_of(item)

    def place_of(self, name: str) -> int:
        """Return the position of this attribute in `Found.values`."""
        return [column.key for column in self._entities.columns()].index(name)

    def _made(self, row: Row, make: Callable[[Row], T]) -> T:
        item = make(row[: self._width])
        self._note(item, row[self._width :])
        return item

    @cached_property
    def _width(self) -> int:
        return len(self._entities.columns())


class Cache(OrderedDict[Hashable, Any]):
    """A least recently used cache of up to `maximum` entries."""

    def __init__(self, maximum: int = MAXIMUM_PLANS) -> None:
        super().__init__()
        self._maximum = maximum

    def __setitem__(self, key: Hashable, value: object) -> None:
        super().__setitem__(key, value)
        if len(self) > self._maximum:
            self.popitem(last=False)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the entry of `key`; if there is none, add what `make` returns."""
        try:
            self.move_to_end(key)
        except KeyError:
            self[key] = make()
        return self[key]  # type: ignore[no-any-return]  # what make() made


def confirmed_by(presumed: Presumed) -> dict[str, object]:
    """Return the arguments of a statement that confirms a presumed row; see `presumed.py`."""
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
