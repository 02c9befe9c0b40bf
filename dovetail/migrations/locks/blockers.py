"""Find the process that holds the lock for which a migration waited on PostgreSQL."""

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

LOCK_NOT_AVAILABLE = "55P03"  # https://www.postgresql.org/docs/current/errcodes-appendix.html

# The blockers of a statement that gave up are not recorded anywhere: whoever holds a lock on a table it names is one.
_HOLDERS = text("""
SELECT DISTINCT activity.pid, activity.application_name, activity.state, relation.relname,
    CAST(extract(epoch FROM clock_timestamp() - activity.xact_start) AS integer) AS seconds
FROM pg_locks AS held
JOIN pg_class AS relation ON relation.oid = held.relation AND relation.relkind IN ('r', 'p')
JOIN pg_stat_activity AS activity ON activity.pid = held.pid
JOIN pg_database AS here ON here.oid = held.database AND here.datname = current_database()
WHERE held.granted AND held.pid <> pg_backend_pid() AND position(relation.relname IN :statement) > 0
ORDER BY seconds DESC NULLS LAST
""")


def is_lock_timeout(error: DBAPIError) -> bool:
    """Return True if a statement gave up waiting for a lock."""
    return getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE


def describe_blocking_sessions(connection: Connection, statement: str) -> str:
    """Name the sessions that hold locks on the tables of `statement`; what they run may hold data, and stays out."""
    holders = connection.execute(_HOLDERS, {"statement": statement}).all()
    connection.rollback()
    if not holders:
        return "whatever held the lock is gone by now: try again"
    names = [
        f"process {row.pid}{f' ({row.application_name})' if row.application_name else ''}, {row.state}, "
        f"in a transaction for {row.seconds} s, on {row.relname}"
        for row in holders
    ]
    end = f"SELECT pg_terminate_backend({holders[0].pid})"
    return f"it is held by {' and '.join(names)}; wait for it, or end it with {end}"
