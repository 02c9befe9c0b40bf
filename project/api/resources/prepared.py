"""A statement as text with the sources of its arguments, run on the driver's own connection.

SQLAlchemy builds and compiles a statement once; after that a request pays for the driver only. The connection comes
from the engine's pool, so that there is one pool, one limit and one set of listeners.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Dialect, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection

from project.database.pool import UNREACHABLE, trusting


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
class Prepared:
    """A statement that the driver can run."""

    sql: str
    arguments: tuple[_Argument, ...]

    async def fetch(
        self, connection: AsyncConnection, named: Mapping[str, Any], positional: Sequence[Any] = ()
    ) -> Sequence[Sequence[Any]]:
        """All rows. Raises SQLAlchemy's errors, as the engine would."""
        arguments = tuple(argument.value(named, positional) for argument in self.arguments)
        for listener in connection.engine.sync_engine.dispatch.before_cursor_execute:
            listener(connection.sync_connection, None, self.sql, arguments, None, False)  # noqa: FBT003 - SQLAlchemy's
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        try:
            if connection.dialect.name == "postgresql":
                rows: Sequence[Sequence[Any]] = await driver.fetch(self.sql, *arguments)
            else:
                rows = await driver.execute_fetchall(self.sql, arguments)
        except Exception as error:
            raise _translated(error, self.sql, connection.dialect, raw) from error
        return rows


@asynccontextmanager
async def connect_to_read(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool for one read, without a ping if it just worked."""
    token = trusting.set(True)
    try:
        connection = await engine.connect()
    finally:
        trusting.reset(token)
    try:
        yield connection
    finally:
        await connection.close()


def prepare(statement: ClauseElement, dialect: Dialect, viewer_values: Sequence[BindParameter[Any]]) -> Prepared | None:
    """Compile `statement`; None if its text depends on its values, as that of an IN over a list does.

    What `viewer_values` hold comes from the viewer at each run; a placeholder without a value is named.
    """
    compiled: Any = statement.compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    positions = {bind: number for number, bind in enumerate(viewer_values)}
    processors = compiled._bind_processors  # noqa: SLF001 - what SQLAlchemy itself applies to each value
    return Prepared(
        str(compiled),
        tuple(_argument(compiled.binds[name], processors.get(name), positions) for name in compiled.positiontup or ()),
    )


def _argument(bind: BindParameter[Any], process: Any, positions: Mapping[BindParameter[Any], int]) -> _Argument:
    # A condition that was adapted to an alias holds copies of its values; they know what they were copied from.
    for original in bind._cloned_set:  # noqa: SLF001 - see above
        if original in positions:
            return _Argument(position=positions[original], process=process)
    if bind.required:
        return _Argument(name=bind.key, process=process)
    value = bind.effective_value
    return _Argument(constant=value if process is None else process(value))


def _translated(error: Exception, sql: str, dialect: Any, raw: PoolProxiedConnection) -> Exception:
    adapter: Any = raw.dbapi_connection
    try:
        adapter._handle_exception(error)  # noqa: SLF001 - how the dialect turns driver errors into DBAPI errors
    except dialect.loaded_dbapi.Error as found:
        lost: bool = dialect.is_disconnect(found, adapter, None)
        if lost:
            raw.invalidate()
        kind: Any = exc.DBAPIError  # its `instance` is made for SQLAlchemy's own use
        translated: Exception = kind.instance(
            sql,
            None,
            found,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        )
        return translated
    except UNREACHABLE as found:
        raw.invalidate()
        return exc.OperationalError(sql, None, found, hide_parameters=True, connection_invalidated=True)
    except (OverflowError, UnicodeEncodeError) as found:
        return exc.DataError(sql, None, found, hide_parameters=True)
    except Exception as found:  # noqa: BLE001 - whatever it is, it is the error
        return found
    return error
