"""The async engine of an application, set up so that SQLite and PostgreSQL behave alike."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from dovetail.database.drivers.aiosqlite_connections import open_connection, open_existing, release_lock, visit
from dovetail.database.drivers.lost_connections import (
    CONNECTOR,
    is_local,
    is_lost,
    renew_statements,
)
from dovetail.database.drivers.sqlalchemy_private import set_ping
from dovetail.database.drivers.sqlite_broken_keys import note_broken_keys
from dovetail.database.engine.moments import use_portable_datetimes
from dovetail.database.engine.portable_values import use_portable_types
from dovetail.database.engine.reflected_types import reflect_all_types
from dovetail.database.engine.sqlite_transactions import keep_to_file, use_real_transactions
from dovetail.database.engine.unportable_values import refuse_unportable_values
from dovetail.database.engine.urls import database_url, is_memory
from dovetail.database.pool.fair_pool import FairPool
from dovetail.database.pool.unreachable import unreachable
from dovetail.database.prepared_reads import WITHIN_TRANSACTIONS
from dovetail.settings import Settings

Options = dict[str, object]

# Neither SQLAlchemy's nor asyncpg's cache names prepared statements. An unnamed statement is lost as soon as a pooler
# gives the server session to another client, which may happen at the end of each transaction.
UNPREPARED: Options = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}


def create_engine(
    settings: Settings, *, command_timeout: float | None = None, may_create: bool = False, **options: object
) -> AsyncEngine:
    """Make the engine with the pool options of `settings`; `options` are passed to SQLAlchemy and take precedence.

    On PostgreSQL a statement may take `command_timeout` seconds, and of these wait `database_lock_timeout` for a lock;
    None is for no limit. On SQLite only waiting for a lock is limited, and a missing file is created only with
    `may_create`. Parameters of statements appear neither in the log nor in errors.
    """
    url = database_url(settings)
    if url.get_backend_name() == "sqlite":
        driver = _sqlite_options(settings, url, may_create=may_create)
    else:
        driver = _postgresql_options(settings, command_timeout)
    pool = {} if "poolclass" in options else _pool_options(settings, url)
    engine = create_async_engine(url, **_common_options(settings) | pool | driver | options)
    wrap_driver_errors(engine.sync_engine)
    refuse_unportable_values(engine.sync_engine)
    use_portable_datetimes(engine.sync_engine)
    use_portable_types(engine.sync_engine)
    reflect_all_types(engine.sync_engine)
    if url.get_backend_name() == "sqlite":
        use_real_transactions(engine.sync_engine, patience=settings.database_pool_timeout)
        release_locks(engine.sync_engine)
        find_broken_keys(engine.sync_engine)
        if not is_memory(url):
            keep_to_file(engine.sync_engine, str(url.database))
    else:
        bound_pings(engine.sync_engine, settings.database_connect_timeout)
    return engine


def find_broken_keys(engine: Engine) -> None:
    """Note on the error of an SQLite COMMIT which deferred foreign keys are violated, before it is rolled back."""

    @event.listens_for(engine, "handle_error")
    def _note(context: ExceptionContext) -> None:
        error, connection = context.original_exception, context.connection
        is_of_commit = context.statement is None and isinstance(error, sqlite3.IntegrityError)
        if is_of_commit and connection is not None:
            connection.connection.run_async(lambda driver: visit(driver, note_broken_keys, error))


def bound_pings(engine: Engine, seconds: float) -> None:
    """Make the pool discard a PostgreSQL connection whose server does not answer a ping within `seconds`.

    If the server hangs or the network drops packets, the connection stays open, and SQLAlchemy's own ping would wait
    for TCP to give up. The ping is a single message, so that PgBouncer may send it to any server.
    """

    def ping(connection: Any) -> bool:
        try:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=seconds))
        except unreachable():
            return False  # the pool then discards the connection and opens another
        return True

    set_ping(engine, ping)


def wrap_driver_errors(engine: Engine) -> None:
    """Raise SQLAlchemy's errors for driver errors that it does not wrap: a lost connection, a value out of range.

    A lost connection is discarded.

    (https://docs.sqlalchemy.org/en/21/core/events.html#sqlalchemy.events.DialectEvents.handle_error)
    """

    @event.listens_for(engine, "handle_error")
    def _translate(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, unreachable()):
            context.is_disconnect = True
            raise exc.OperationalError(
                context.statement, None, error, hide_parameters=True, connection_invalidated=True
            )
        if isinstance(error, (OverflowError, UnicodeEncodeError)):
            raise exc.DataError(context.statement, None, error, hide_parameters=True)
        if is_lost(error):
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = not is_local(error)
            if context.connection is not None and not context.connection.invalidated:
                renew_statements(engine, context.connection.connection.driver_connection, error)


def release_locks(engine: Engine) -> None:
    """Release the lock of an SQLite connection that is discarded, for example because its request was cancelled."""

    @event.listens_for(engine, "invalidate")
    def _let_go(connection: Any, _record: object, _error: BaseException | None) -> None:
        release_lock(connection.driver_connection)


def _common_options(settings: Settings) -> Options:
    return {
        "echo": settings.database_echo,
        "hide_parameters": True,
        "pool_pre_ping": settings.database_pool_pre_ping,
        "pool_recycle": settings.database_pool_recycle,
    }


def _pool_options(settings: Settings, url: URL) -> Options:
    if is_memory(url):
        return {"poolclass": StaticPool}
    return {
        "poolclass": FairPool,
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_max_overflow,
        "pool_timeout": settings.database_pool_timeout,
    }


def _sqlite_options(settings: Settings, url: URL, *, may_create: bool) -> Options:
    if may_create and not is_memory(url):
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    # Imported here: on PostgreSQL SQLAlchemy's dialect of SQLite is not needed.
    from dovetail.database.drivers.sqlite_visits import single_call_driver

    connect = open_connection if may_create or is_memory(url) else open_existing
    arguments = {"timeout": settings.database_pool_timeout, "async_creator_fn": connect}
    return {"module": single_call_driver(), "connect_args": arguments}


def _postgresql_options(settings: Settings, command_timeout: float | None) -> Options:
    # Imported here: on SQLite asyncpg is not needed.
    from dovetail.database.drivers.asyncpg_connections import Connector

    # Commands may wait for locks as they do for statements, and migrations have limits of their own.
    lock_timeout = 0 if command_timeout is None else settings.database_lock_timeout
    connector = Connector(lock_timeout=lock_timeout, patience=settings.database_connect_timeout)
    arguments: Options = {
        "timeout": settings.database_connect_timeout,
        "command_timeout": command_timeout,
        "async_creator_fn": connector.connect,
    }
    if settings.database_prepared_statements:
        return {"connect_args": arguments, "execution_options": {CONNECTOR: connector}}
    return {
        "connect_args": arguments | UNPREPARED,
        "execution_options": {CONNECTOR: connector, WITHIN_TRANSACTIONS: True},
    }
