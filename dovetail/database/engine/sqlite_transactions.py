"""SQLite transactions that behave as PostgreSQL's do, and that stop using a file that was removed or replaced."""

import sqlite3
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, event, exc

from dovetail.state import InfoKey

READ_ONLY = "dovetail_read_only"  # an execution option of a connection
PATIENCE = InfoKey[float]("patience")  # in a connection's info: the seconds for which SQLite waits for another writer
PAGES = InfoKey[int]("pages")  # in the same: `PRAGMA cache_size` as it was, where `keep_more_pages` has changed it
MORE_PAGES = -16_000  # which means 16 MB, in place of SQLite's 2
# In a connection's info: data kept for the duration of a transaction; removed when the next one begins.
OF_TRANSACTION = InfoKey[dict[object, object]]("of_transaction")


def use_real_transactions(engine: Engine, *, patience: float | None = None, foreign_keys: bool = True) -> None:
    """Make SQLite behave as PostgreSQL: foreign keys are enforced, DDL is rolled back, no update is lost.

    The driver's own transaction handling is switched off and BEGIN is sent explicitly. A writer uses BEGIN IMMEDIATE,
    so that it waits for the previous writer instead of failing half way, for at most `patience` seconds, less those
    that it has waited before. A connection with the execution option READ_ONLY can read while another writes.
    (https://docs.sqlalchemy.org/en/21/dialects/sqlite.html, "Enabling Non-Legacy SQLite Transactional Modes")
    """

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={'on' if foreign_keys else 'off'}")
        with suppress(sqlite3.OperationalError):  # a read-only file, which can still be read
            cursor.execute("PRAGMA journal_mode=wal")
        cursor.execute("PRAGMA synchronous=normal")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.info.pop(OF_TRANSACTION, None)
        if PAGES in connection.info:
            connection.exec_driver_sql(f"PRAGMA cache_size={PAGES.pop(connection.info)}")
        if connection.get_execution_options().get(READ_ONLY, False):
            connection.exec_driver_sql("BEGIN DEFERRED")
        elif patience is None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            _begin_in_time(connection, patience)


def keep_more_pages(connection: Connection) -> None:
    """Let SQLite keep 16 MB of pages in memory until the next transaction: for one that changes some hundred rows.

    Pages that do not fit into the usual 2 MB are written early, and read and written again. For changes of many
    thousands 16 MB are too few, and only cost time.
    """
    pages: int = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    if PAGES not in connection.info and pages in range(MORE_PAGES + 1, 0):  # otherwise the site has chosen it
        PAGES.set(connection.info, pages)
        connection.exec_driver_sql(f"PRAGMA cache_size={MORE_PAGES}")


def keep_to_file(engine: Engine, database: str) -> None:
    """Keep connections of `engine` from using a file that was removed or replaced.

    This is checked before a write, and by the pool instead of a ping, which a file does not need.
    """
    # Imported here: commands that migrate need neither async drivers nor the ORM.
    from dovetail.database.drivers.aiosqlite_connections import is_still_there
    from dovetail.database.drivers.lost_connections import discard_connection
    from dovetail.database.drivers.sqlalchemy_private import set_ping

    @event.listens_for(engine, "begin", insert=True)
    def _refuse(connection: Connection) -> None:
        driver: object = connection.connection.driver_connection
        if connection.get_execution_options().get(READ_ONLY, False) or is_still_there(driver, database):
            return
        error = sqlite3.OperationalError(f"the file {database} was removed or replaced")
        discard_connection(engine, connection.connection, error)
        raise exc.OperationalError("BEGIN", None, error, hide_parameters=True, connection_invalidated=True)

    def ping(connection: Any) -> bool:
        return is_still_there(connection.driver_connection, database)

    set_ping(engine, ping)


def _begin_in_time(connection: Connection, patience: float) -> None:
    # Imported here: commands that migrate do not need the ORM, and wait without a limit.
    from dovetail.database.pool.writer_queue import WORTH_SAYING, clear_wait_deadline, time_left

    left = time_left(patience) or 0.0
    wanted = patience if patience - left < WORTH_SAYING else left
    if connection.info.get(PATIENCE, patience) != wanted:
        connection.info[PATIENCE] = wanted
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(wanted * 1000)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    clear_wait_deadline()
