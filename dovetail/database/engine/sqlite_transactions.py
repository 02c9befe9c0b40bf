"""Transactions on SQLite that keep PostgreSQL's promises, on a file that is still there."""

import sqlite3
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, event, exc

from dovetail.state import InfoKey

READ_ONLY = "dovetail_read_only"  # an execution option of a connection
PATIENCE = InfoKey[float]("patience")  # in a connection's info: the seconds for which SQLite waits for another writer
# In a connection's info: what somebody keeps for as long as a transaction lasts; gone when the next one begins.
OF_TRANSACTION = InfoKey[dict[object, object]]("of_transaction")


def use_real_transactions(engine: Engine, *, patience: float | None = None, foreign_keys: bool = True) -> None:
    """Make SQLite keep PostgreSQL's promises: foreign keys hold, DDL rolls back, no update is lost.

    The driver's own transaction handling is switched off and BEGIN is written out. A writer begins with IMMEDIATE, so
    that it waits for the one before it instead of failing half way, for `patience` seconds at most, less what it has
    waited before; a connection with the execution option READ_ONLY reads beside a writer.
    (https://docs.sqlalchemy.org/en/21/dialects/sqlite.html, "Enabling Non-Legacy SQLite Transactional Modes")
    """

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={'on' if foreign_keys else 'off'}")
        with suppress(sqlite3.OperationalError):  # of a file that is read-only: it can be read all the same
            cursor.execute("PRAGMA journal_mode=wal")
        cursor.execute("PRAGMA synchronous=normal")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.info.pop(OF_TRANSACTION, None)
        if connection.get_execution_options().get(READ_ONLY, False):
            connection.exec_driver_sql("BEGIN DEFERRED")
        elif patience is None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            _begin_in_time(connection, patience)


def keep_to_file(engine: Engine, database: str) -> None:
    """Let no connection of `engine` go on with a file that has lost its name: one that was removed, or replaced.

    A writer finds out before it writes. The pool asks instead of sending a ping, which a file does not need.
    """
    # Imported here: commands that migrate do without the drivers of asyncio and the ORM.
    from dovetail.database.drivers.aiosqlite_connections import is_still_there
    from dovetail.database.drivers.lost_connections import throw_away
    from dovetail.database.drivers.sqlalchemy_private import set_ping

    @event.listens_for(engine, "begin", insert=True)
    def _refuse(connection: Connection) -> None:
        driver: object = connection.connection.driver_connection
        if connection.get_execution_options().get(READ_ONLY, False) or is_still_there(driver, database):
            return
        error = sqlite3.OperationalError(f"the file {database} was removed or replaced")
        throw_away(engine, connection.connection, error)
        raise exc.OperationalError("BEGIN", None, error, hide_parameters=True, connection_invalidated=True)

    def ping(connection: Any) -> bool:
        return is_still_there(connection.driver_connection, database)

    set_ping(engine, ping)


def _begin_in_time(connection: Connection, patience: float) -> None:
    # Imported here: commands that migrate do without the ORM, and wait as long as it takes.
    from dovetail.database.pool.writer_queue import WORTH_SAYING, have_waited, time_left

    left = time_left(patience) or 0.0
    wanted = patience if patience - left < WORTH_SAYING else left
    if connection.info.get(PATIENCE, patience) != wanted:
        connection.info[PATIENCE] = wanted
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(wanted * 1000)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    have_waited()
