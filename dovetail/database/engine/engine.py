"""The one async engine of an application, tuned so that SQLite and PostgreSQL keep the same promises."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, ExceptionContext, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from dovetail.database.drivers.aiosqlite_connections import let_go_of_lock, open_connection, open_existing
from dovetail.database.drivers.lost_connections import (
    CONNECTOR,
    is_local,
    is_lost,
    renew_statements,
)
from dovetail.database.drivers.sqlalchemy_private import set_ping
from dovetail.database.engine.moments import keep_moments
from dovetail.database.engine.portable_values import keep_values
from dovetail.database.engine.reflected_types import reflect_all_types
from dovetail.database.engine.sqlite_transactions import keep_to_file, use_real_transactions
from dovetail.database.engine.unportable_values import refuse_unportable_values
from dovetail.database.engine.urls import database_url, is_memory
from dovetail.database.pool.fair_pool import FairPool
from dovetail.database.pool.unreachable import unreachable
from dovetail.database.prepared_reads import WITHIN_TRANSACTIONS
from dovetail.settings import Settings

Options = dict[str, object]

# Statements get no names, at SQLAlchemy's cache nor at asyncpg's own. One without a name is lost as soon as a pooler
# hands the session to somebody else, which it may do at the end of each transaction.
UNPREPARED: Options = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}


def create_engine(
    settings: Settings, *, command_timeout: float | None = None, may_create: bool = False, **options: object
) -> AsyncEngine:
    """Make the engine with the pool options of `settings`; `options` go to SQLAlchemy and win.

    PostgreSQL has `command_timeout` seconds to answer a statement, or for ever; SQLite is never waited for but for a
    lock, and its file is made only where this one `may_create` it. Statements are never logged with their parameters,
    nor do errors quote them.
    """
    url = database_url(settings)
    if url.get_backend_name() == "sqlite":
        driver = _sqlite_options(settings, url, may_create=may_create)
    else:
        driver = _postgresql_options(settings, command_timeout)
    pool = {} if "poolclass" in options else _pool_options(settings, url)
    engine = create_async_engine(url, **_common_options(settings) | pool | driver | options)
    speak_as_sqlalchemy(engine.sync_engine)
    refuse_unportable_values(engine.sync_engine)
    keep_moments(engine.sync_engine)
    keep_values(engine.sync_engine)
    reflect_all_types(engine.sync_engine)
    if url.get_backend_name() == "sqlite":
        use_real_transactions(engine.sync_engine, patience=settings.database_pool_timeout)
        let_go_of_locks(engine.sync_engine)
        if not is_memory(url):
            keep_to_file(engine.sync_engine, str(url.database))
    else:
        bound_pings(engine.sync_engine, settings.database_connect_timeout)
    return engine


def bound_pings(engine: Engine, seconds: float) -> None:
    """Let the pool give up a PostgreSQL connection whose server has not answered its ping after `seconds`.

    A server that hangs, or a network that swallows packets, closes nothing: SQLAlchemy's own ping would wait for as
    long as TCP hopes. It is one message, so that PgBouncer may hand it to any server.
    """

    def ping(connection: Any) -> bool:
        try:
            connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=seconds))
        except unreachable():
            return False  # the pool then throws the connection away and makes another
        return True

    set_ping(engine, ping)


def speak_as_sqlalchemy(engine: Engine) -> None:
    """Let what drivers raise on their own come as SQLAlchemy's errors: a lost connection, a value that has no place.

    A connection that is of no more use is thrown away.

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


def let_go_of_locks(engine: Engine) -> None:
    """Let a connection of SQLite that is thrown away lock nobody out, as where a request was cancelled."""

    @event.listens_for(engine, "invalidate")
    def _let_go(connection: Any, _record: object, _error: BaseException | None) -> None:
        let_go_of_lock(connection.driver_connection)


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
    # Imported here: on PostgreSQL nobody needs SQLAlchemy's dialect of SQLite.
    from dovetail.database.drivers.sqlite_visits import driver_of_one_visit

    connect = open_connection if may_create or is_memory(url) else open_existing
    arguments = {"timeout": settings.database_pool_timeout, "async_creator_fn": connect}
    return {"module": driver_of_one_visit(), "connect_args": arguments}


def _postgresql_options(settings: Settings, command_timeout: float | None) -> Options:
    # Imported here: on SQLite nobody needs asyncpg.
    from dovetail.database.drivers.asyncpg_connections import Connector

    connector = Connector()
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
