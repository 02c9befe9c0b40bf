"""Transactions on SQLite that keep PostgreSQL's promises."""

import sqlite3
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, event

from dovetail.database.pool.wait_budget import have_waited, time_left
from dovetail.state import InfoKey

READ_ONLY = "dovetail_read_only"  # an execution option of a connection
PATIENCE = InfoKey[float]("patience")  # in a connection's info: the seconds for which SQLite waits for another writer
WORTH_SAYING = 0.05  # seconds: telling SQLite costs a hundredth of that


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
        if connection.get_execution_options().get(READ_ONLY, False):
            connection.exec_driver_sql("BEGIN DEFERRED")
            return
        if patience is not None:
            _limit_waiting(connection, patience)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        have_waited()


def _limit_waiting(connection: Connection, patience: float) -> None:
    left = time_left(patience) or 0.0
    wanted = patience if patience - left < WORTH_SAYING else left
    if connection.info.get(PATIENCE, patience) != wanted:
        connection.info[PATIENCE] = wanted
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(wanted * 1000)}")
