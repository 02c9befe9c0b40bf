"""A statement as text with the sources of its arguments, which the driver runs on its own.

SQLAlchemy builds and compiles a statement once; after that a request pays for the driver only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Dialect

from dovetail.database.prepared_reads import DriverConnection


@dataclass(frozen=True)
class _Argument:
    constant: Any = None
    name: str | None = None  # of a placeholder
    position: int | None = None  # among the values that belong to the viewer
    process: Any = None

    def value(self, named: Mapping[str, Any], positional: Sequence[Any]) -> Any:
        if self.name is not None:
            found = named[self.name]
        elif self.position is not None:
            found = positional[self.position]
        else:
            return self.constant
        return found if self.process is None else self.process(found)


@dataclass(frozen=True)
class PreparedStatement:
    """A statement that the driver can run."""

    sql: str
    arguments: tuple[_Argument, ...]

    async def fetch(
        self, connection: DriverConnection, named: Mapping[str, Any], positional: Sequence[Any] = ()
    ) -> Sequence[Sequence[Any]]:
        """All rows. Raises SQLAlchemy's errors, as the engine would."""
        return await connection.fetch(self.sql, tuple([one.value(named, positional) for one in self.arguments]))


def prepare(
    statement: ClauseElement, dialect: Dialect, viewer_values: Sequence[BindParameter[Any]]
) -> PreparedStatement | None:
    """Compile `statement`; None if its text depends on its values, as that of an IN over a list does.

    What `viewer_values` hold comes from the viewer at each run; a placeholder without a value is named.
    """
    compiled: Any = statement.compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    # A condition that was adapted holds copies of its values; they know what they were copied from.
    positions = {one: n for n, bind in enumerate(viewer_values) for one in bind._cloned_set}  # noqa: SLF001 - see above
    processors = compiled._bind_processors  # noqa: SLF001 - what SQLAlchemy itself applies to each value
    return PreparedStatement(
        str(compiled),
        tuple(_argument(compiled.binds[name], processors.get(name), positions) for name in compiled.positiontup or ()),
    )


def _argument(bind: BindParameter[Any], process: Any, positions: Mapping[BindParameter[Any], int]) -> _Argument:
    for original in bind._cloned_set:  # noqa: SLF001 - see `prepare`
        if original in positions:
            return _Argument(position=positions[original], process=process)
    if bind.required:
        return _Argument(name=bind.key, process=process)
    value = bind.effective_value
    return _Argument(constant=value if process is None else process(value))
