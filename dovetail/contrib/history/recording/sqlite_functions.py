"""SQL functions that SQLite lacks, on each connection of an engine: the number of a transaction, and bytes of hex."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from dovetail.contrib.history.recording.json_rows import TRANSACTION, UNHEX
from dovetail.database.engine.sqlite_transactions import OF_TRANSACTION
from dovetail.state import Info, InfoKey

NUMBER = InfoKey[int]("history_transaction")  # from the first line of a transaction on


class _Connection(Protocol):
    def create_function(self, name: str, count: int, function: Callable[..., object]) -> object: ...


def define_functions(engine: Engine) -> None:
    """Let the connections of an engine of SQLite know `current_transaction`, and what `from_json` needs.

    A number is greater than those of all transactions before: their lines have lower numbers, writers take turns, and
    SQLite never gives the number of a line twice (https://www.sqlite.org/autoinc.html).
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
