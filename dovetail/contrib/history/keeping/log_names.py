"""Name the log: the `Plugin.after_migrate` of the history, which runs where `log_start.is_due`.

The table is declared without its model, so that migrations on SQLite need not import the ORM.
"""

from secrets import token_hex

from sqlalchemy import Connection, column, insert, select, table, update

from dovetail.contrib.history.log_start import LOWEST
from dovetail.plugin import Migrated

LOG_START = table("history_log_start", column("log"), column("purges"), column("transaction"), column("change_id"))
LOG_BYTES = 8


def begin_log(connection: Connection, migrated: Migrated) -> None:
    """Give the log a name if it has none."""
    if "history" in migrated.applied and connection.scalar(select(LOG_START.c.log)) is None:
        # All else has defaults: an earlier migration that makes fewer columns can be the last one applied.
        connection.execute(insert(LOG_START).values(log=token_hex(LOG_BYTES)))


def rename_log(connection: Connection) -> None:
    """Give the log another name, after which no position of before is valid, and forget what was purged."""
    named = {"log": token_hex(LOG_BYTES), "purges": 0, "transaction": LOWEST, "change_id": 0}
    if not connection.execute(update(LOG_START).values(named)).rowcount:
        connection.execute(insert(LOG_START).values(named))
