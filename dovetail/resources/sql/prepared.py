"""Prepared statements: SQL as text with the sources of its arguments, which the driver runs on its own.

SQLAlchemy builds and compiles a statement once; after that a request pays for the driver only. All statements that run
past SQLAlchemy are a `PreparedStatement`: reads, INSERTs that read back, and those of `statements.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ClauseElement, Dialect

from dovetail.database.drivers.sqlalchemy_private import bind_processors, copied_from
from dovetail.database.prepared_reads import DriverConnection
from dovetail.resources.sql.json_values import Convert

Row: TypeAlias = Sequence[Any]  # as the driver gives it
NOTHING: Mapping[str, Callable[[], object]] = {}


@dataclass(frozen=True)
class Argument:
    """Where the value of one placeholder comes from: a name, a position, a function, or else a constant."""

    name: str | None = None  # among the values that a caller names
    position: int | None = None  # among the values that belong to the viewer
    make: Callable[[], Any] | None = None  # a default of a column that Python makes
    constant: object = None
    process: Convert | None = None  # what SQLAlchemy applies to each value for the driver

    def value(self, named: Mapping[str, object], positional: Sequence[object]) -> Any:
        """Return the value as the driver takes it."""
        if self.name is not None:
            found = named[self.name]
        elif self.position is not None:
            found = positional[self.position]
        elif self.make is not None:
            found = self.make()
        else:
            return self.constant
        return found if self.process is None else self.process(found)


@dataclass(frozen=True)
class PreparedStatement:
    """A statement that the driver can run."""

    sql: str
    arguments: tuple[Argument, ...]
    unpack: Callable[[Row], Row] | None = None  # makes the row that was asked for of one of the driver's

    async def fetch(
        self, connection: DriverConnection, named: Mapping[str, object], positional: Sequence[object] = ()
    ) -> Sequence[Row]:
        """Return all rows. Raises SQLAlchemy's errors, as the engine would."""
        rows = await connection.fetch(self.sql, tuple([one.value(named, positional) for one in self.arguments]))
        return rows if self.unpack is None else [self.unpack(row) for row in rows]


def prepare(
    statement: ClauseElement,
    dialect: Dialect,
    viewer_values: Sequence[BindParameter[object]] = (),
    defaults: Mapping[str, Callable[[], Any]] = NOTHING,
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


def _argument(
    bind: BindParameter[Any],
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
