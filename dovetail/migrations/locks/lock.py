"""The lock that lets one migration run at a time, whoever starts it; a killed process gives it back."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from dovetail.database.engine.urls import is_memory
from dovetail.errors import MigrationError
from dovetail.migrations.locks.lock_waits import is_shared

LOCK_KEY = 0x646F76657461696C  # "dovetail" in ASCII; PostgreSQL's advisory locks are numbers, and belong to a database
PATIENCE = 600.0  # seconds to wait for another run
PAUSE = 0.2  # seconds


@contextmanager
def migration_lock(connection: Connection, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock for a block; `connection` must not be in a transaction and is in none when the block begins.

    Raise MigrationError if another run holds it for longer than `patience` seconds.
    """
    if connection.dialect.name == "postgresql":
        lock = _advisory_lock_in_transaction if is_shared(connection) else _advisory_lock
        with lock(connection, patience):
            yield
    elif is_memory(connection.engine.url):
        yield
    else:
        with _file_lock(Path(f"{connection.engine.url.database}.migrate-lock"), patience):
            yield


@contextmanager
def _advisory_lock(connection: Connection, patience: float) -> Iterator[None]:
    # Polled, not waited for: a session that waits inside a statement holds a snapshot, for which CREATE INDEX
    # CONCURRENTLY of the session that has the lock would wait in turn.
    _poll(lambda: _try_advisory_lock(connection), patience)
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
        connection.commit()


@contextmanager
def _advisory_lock_in_transaction(connection: Connection, patience: float) -> Iterator[None]:
    # A pooler would hand the session, lock and all, to somebody else; a transaction keeps it to us.
    with connection.engine.connect() as keeper:

        def take() -> bool:
            got = keeper.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            if not got:
                keeper.rollback()
            return bool(got)

        _poll(take, patience)
        # CREATE INDEX CONCURRENTLY waits for every snapshot. That of a statement in several messages is kept until the
        # next statement; that of a statement in one message is not.
        adapter: Any = keeper.connection.dbapi_connection
        adapter.run_async(lambda driver: driver.execute("SELECT 1"))
        yield
        keeper.rollback()


def _poll(take: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not take():
        if time.monotonic() > until:
            raise MigrationError(_BUSY.format(patience))
        time.sleep(PAUSE)


def _try_advisory_lock(connection: Connection) -> bool:
    got = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
    connection.commit()  # Alembic would take an open transaction for its caller's, and commit nothing
    return bool(got)


@contextmanager
def _file_lock(path: Path, patience: float) -> Iterator[None]:
    # A lock on an empty SQLite file beside the database: SQLite knows how to lock a file on every system. The database
    # itself cannot serve, because each migration is a transaction of its own.
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise MigrationError(_BUSY.format(patience)) from error
        yield


_BUSY = "another migrate has been running for more than {:.0f} s; wait for it to end, or stop it"
