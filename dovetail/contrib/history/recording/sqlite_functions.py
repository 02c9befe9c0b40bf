"""SQL functions added to SQLite's connections: the number of the current transaction, and decoding of hex bytes."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from dovetail.contrib.history.recording.json_rows import TRANSACTION, UNHEX
from dovetail.database.engine.sqlite_transactions import OF_TRANSACTION
from dovetail.state import Info, InfoKey

NUMBER = InfoKey[int]("history_transaction")  # set when a transaction writes its first line


class _Connection(Protocol):
    def create_function(self, name: str, count: int, function: Callable[..., object]) -> object: ...


def define_functions(engine: Engine) -> None:
    """Define the functions that `current_transaction` and `from_json` call, on each connection of a SQLite engine.

    The number of a transaction is greater than those of all earlier ones: their lines have lower ids, only one
    connection writes at a time, and AUTOINCREMENT never reuses an id (https://www.sqlite.org/autoinc.html).
    """

    @event.listens_for(engine, "connect")
    def _define(connection: _Connection, record: ConnectionPoolEntry) -> None:
        info: Info = record.info

        def number(last_line: int | None) -> int:
            known = OF_TRANSACTION.find(info)
            if known is None:
                OF_TRANSACTION.set(info, known := {})
            found = NUMBER.find(known)
            if found is None:
                found = (last_line or 0) + 1
                NUMBER.set(known, found)
            return found

        connection.create_function(TRANSACTION, 1, number)
        connection.create_function(UNHEX, 1, _unhex)


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text.removeprefix("\\x"))
