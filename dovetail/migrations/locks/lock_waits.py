"""Wait for locks on PostgreSQL without blocking the site: in short tries, with pauses in between for other queries.

While a statement waits for a lock on a table, every later query of the table queues behind it, each holding a
connection, so that the pool is soon exhausted. So a try is shorter than requests wait for a connection. After a failed
try the whole migration is rolled back, which releases its locks, and the queued queries go on; then it is tried again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from dovetail.migrations.locks.blockers import is_lock_timeout
from dovetail.migrations.locks.patience import PAUSE, LockPatience

T = TypeVar("T")


class LockWaits:
    """Tries the migrations of one run on one connection; on SQLite, where waiting does no harm, only once."""

    def __init__(self, connection: Connection, patience: LockPatience) -> None:
        self.patience = patience
        self._connection = connection
        self._is_postgresql = connection.dialect.name == "postgresql"
        self._owns_session = self._is_postgresql and not is_shared(connection)
        self._until: float | None = None
        self._commits = 0

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Give each transaction of a block the limit of one try; it ends with the transaction.

        Outside of transactions a limit belongs to the session: what runs there gets the whole time, until the end of
        the autocommit block. A session that a pooler shares out is left alone.
        """
        if not self._is_postgresql:
            yield
            return
        listeners = {"begin": self._begin, "commit": self._commit, "rollback": self._rollback}
        for name, listener in listeners.items():
            event.listen(self._connection, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                event.remove(self._connection, name, listener)

    def starts(self, *, again: bool) -> None:
        """Tell that a migration begins."""
        self._commits = 0
        if not again:
            self._until = None

    def may_wait(self, error: Exception) -> bool:
        """Return True if the migration that failed with `error` only found a lock, and there is time to wait for it.

        One that committed something half way cannot be run again.
        """
        return self._is_postgresql and not self._commits and self._has_time(error)

    def pause(self) -> None:
        """Let others pass."""
        time.sleep(PAUSE * self.patience.once)

    def run_alone(self, run: Callable[[], T], statement: str) -> T | None:
        """Run a statement outside of a transaction, in tries of its own; one that says CONCURRENTLY blocks nobody.

        `run` sends it in two messages, between which a pooler may hand the session to others: there it goes in one.
        """
        if not self._owns_session:
            adapter: Any = self._connection.connection.dbapi_connection
            adapter.run_async(lambda driver: driver.execute(statement))
            return None
        if "CONCURRENTLY" in statement.upper():
            return run()
        self._until = None
        self._limit(self._connection, self.patience.once)
        try:
            while True:
                try:
                    return run()
                except DBAPIError as error:
                    if not self._has_time(error):
                        raise
                self.pause()
        finally:
            self._limit(self._connection, self.patience.total)

    def _has_time(self, error: Exception) -> bool:
        if not isinstance(error, DBAPIError) or not is_lock_timeout(error):
            return False
        now, once, total = time.monotonic(), self.patience.once, self.patience.total
        if self._until is None:
            self._until = now - once + total
        return not total or now + PAUSE * once < self._until

    def _begin(self, connection: Connection) -> None:
        if not is_autocommit(connection):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_milliseconds(self.patience.once)}ms'")
        elif self._owns_session:
            self._limit(connection, self.patience.total)

    def _commit(self, connection: Connection) -> None:
        self._commits += 1
        self._rollback(connection)

    def _rollback(self, connection: Connection) -> None:
        if is_autocommit(connection) and self._owns_session:
            with suppress(DBAPIError):  # a connection that is lost takes its limit along
                connection.exec_driver_sql("RESET lock_timeout")

    @staticmethod
    def _limit(connection: Connection, seconds: float) -> None:
        connection.exec_driver_sql(f"SET lock_timeout = '{_milliseconds(seconds)}ms'")


def is_autocommit(connection: Connection) -> bool:
    """Return True if each statement is a transaction by itself."""
    return bool(connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT")


def is_shared(connection: Connection) -> bool:
    """Return True if a pooler such as PgBouncer stands before PostgreSQL, and may hand our session to others.

    It makes up the process id that a client is told when it connects. `connection` must not be in a transaction, and
    is in none afterwards.
    """
    driver: Any = connection.connection.driver_connection
    told = driver.get_server_pid()
    found = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    connection.rollback()
    return bool(told != found)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000)) if seconds else 0  # 0 is for ever
