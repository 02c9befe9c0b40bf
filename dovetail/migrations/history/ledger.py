"""The ledger: a table with a row for each applied revision.

Alembic's own table keeps only the tips of the graph and forgets plugins that others depend on; this one remembers
each revision, in the same transaction. It does not import Alembic: a server reads it when it starts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    column,
    delete,
    func,
    insert,
    inspect,
    select,
    table,
)

from dovetail.database.engine.sqlite_transactions import READ_ONLY
from dovetail.migrations.history.applied import LEDGER_NAME, VERSIONS_NAME, Applied, read_rows
from dovetail.plugin import Execute

T = TypeVar("T")
LEDGER = Table(
    LEDGER_NAME,
    MetaData(),
    Column("id", Integer, primary_key=True),  # the order in which they were applied
    Column("revision", String(255), nullable=False, unique=True),
    Column("plugin", String(100), nullable=False),
    Column("down_revisions", Text, nullable=False),  # JSON lists: what it stands on, should its file go away
    Column("depends_on", Text, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.current_timestamp()),
)


VERSIONS = table(VERSIONS_NAME, column("version_num"))  # the tips of the graph, as Alembic keeps them
BOOKS = frozenset({LEDGER_NAME, VERSIONS_NAME})  # which migrations were applied; `migrate` keeps them


def ensure_ledger(connection: Connection) -> None:
    """Make the ledger if it is missing."""
    LEDGER.create(connection, checkfirst=True)


def read_ledger(connection: Connection) -> Sequence[Applied]:
    """Return the applied revisions in the order in which they were applied; none if there is no ledger yet.

    `connection` must not be in a transaction, and is in none afterwards; on SQLite no writer is waited for.
    """
    with _read_only(connection):
        return recorded(connection) or ()


def read_only(connection: Connection, read: Callable[[Execute], T]) -> T:
    """Return what `read` finds; leaves no transaction open."""
    with _read_only(connection):
        return read(connection.exec_driver_sql)


def recorded(connection: Connection) -> list[Applied] | None:
    """Return what `read_rows` does over a connection of SQLAlchemy's."""
    return read_rows(connection.exec_driver_sql)


def unknown_versions(connection: Connection) -> list[str]:
    """Return the versions in Alembic's own table that the ledger lacks: another project or `alembic stamp` wrote them.

    `connection` must not be in a transaction, and is in none afterwards.
    """
    with _read_only(connection):
        return _unknown_versions(connection)


def write_heads(connection: Connection, rows: Sequence[Applied]) -> None:
    """Let Alembic's own table hold what it should after `rows`: those that no other stands on or depends on."""
    below = {revision for row in rows for revision in (*row.down_revisions, *row.depends_on)}
    connection.execute(delete(VERSIONS))
    for row in rows:
        if row.revision not in below:
            connection.execute(insert(VERSIONS).values(version_num=row.revision))


@contextmanager
def _read_only(connection: Connection) -> Iterator[None]:
    connection.execution_options(**{READ_ONLY: True})
    try:
        yield
    finally:
        connection.rollback()
        connection.execution_options(**{READ_ONLY: False})


def _unknown_versions(connection: Connection) -> list[str]:
    # Another run may commit between two statements, so one compares both tables. The ledger is made before anything is
    # applied: who has seen a version and finds no ledger then has a version of somebody else's.
    if not inspect(connection).has_table(VERSIONS.name):
        return []
    versions = sorted(connection.scalars(select(VERSIONS.c.version_num)))
    if not versions or not inspect(connection).has_table(LEDGER.name):
        return versions
    known = select(LEDGER.c.revision)
    return sorted(connection.scalars(select(VERSIONS.c.version_num).where(VERSIONS.c.version_num.not_in(known))))
