"""Transactions on SQLite that keep PostgreSQL's promises."""

from typing import Any

from sqlalchemy import Engine, event

READ_ONLY = "dovetail_read_only"  # an execution option of a connection


def use_real_transactions(engine: Engine, *, foreign_keys: bool = True) -> None:
    """Make SQLite keep PostgreSQL's promises: foreign keys hold, DDL rolls back, no update is lost.

    The driver's own transaction handling is switched off and BEGIN is written out. A writer begins with IMMEDIATE, so
    that it waits for the one before it instead of failing half way; a connection with the execution option READ_ONLY
    reads beside a writer. (https://docs.sqlalchemy.org/en/21/dialects/sqlite.html, "Enabling Non-Legacy SQLite
    Transactional Modes")
    """

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={'on' if foreign_keys else 'off'}")
        cursor.execute("PRAGMA journal_mode=wal")
        cursor.execute("PRAGMA synchronous=normal")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")
