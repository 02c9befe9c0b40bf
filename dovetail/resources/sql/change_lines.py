"""History lines for rows that are written by compiled statements instead of the ORM.

PostgreSQL inserts the lines in a CTE of the statement that writes the rows. SQLite cannot; there, and where only the
keys of the rows are known, a separate INSERT reads the rows: before they are changed or deleted, or after they are
inserted. See `database/change_log.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Dialect,
    Insert,
    Table,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningDelete

from dovetail.database.change_log import CHANGE_LOG, ChangeLog, Snapshot, log_of, snapshot_of
from dovetail.database.fast_unit_of_work import dialect_of, driver_to_write
from dovetail.resources.sql.arrays import listed_keys, members
from dovetail.resources.sql.statements import PreparedStatement, Row, prepare

OLD = "history_old_"  # prefix of a column's key: its value before an UPDATE
MADE = "made_keys"  # placeholder: the keys of inserted rows
OWN, LINKED = "own_key", "linked_keys"  # placeholders: the key of a row, and those of the rows linked to it


class Link(NamedTuple):
    """The two columns of a link table, and the keys of the linked rows, or their names in the column `by`."""

    own: Column[object]
    other: Column[object]
    keys: Sequence[object]
    by: Column[object] | None


class ChangeLines:
    """Writes history lines by statements that are compiled once for each log, database and `kind`."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[ChangeLog, str, object], PreparedStatement | None] = {}

    async def write(
        self,
        session: AsyncSession,
        log: ChangeLog,
        kind: object,
        build: Callable[[], Insert | ReturningDelete[object] | None],
        values: Mapping[str, object],
    ) -> Sequence[Row]:
        """Run the statement that `build` makes for this `kind`, with `values` and those of the log as arguments.

        Return its rows.
        """
        connection = await driver_to_write(session)
        place = (log, connection.dialect.name, kind)
        if place not in self._prepared:
            statement = build()
            self._prepared[place] = None if statement is None else prepare(statement, connection.dialect)
        prepared = self._prepared[place]
        return () if prepared is None else await prepared.fetch(connection, {**values, **log.values()})

    async def made(self, session: AsyncSession, key: Column[object], keys: Sequence[object]) -> None:
        """Record that the rows with these keys were inserted, if the session has a log for the table."""
        table = key.table
        log = log_of(session, table)
        if log is None or not keys:
            return
        dialect = (await driver_to_write(session)).dialect

        def build() -> Insert:
            return made_line(
                log, table, snapshot_of(table), [key.in_(select(members(MADE, key.type, dialect).c.value))]
            )

        await self.write(session, log, (table, "made"), build, {MADE: list(keys)})

    async def linked(
        self, session: AsyncSession, own: Column[object], other: Column[object], key: object, keys: Sequence[object]
    ) -> None:
        """Record that a row was linked to others, if the session has a log for the link table."""
        table = own.table
        log = log_of(session, table)
        if log is None:
            return
        dialect = (await driver_to_write(session)).dialect
        values = {OWN: key, LINKED: list(keys)}
        link = Link(own, other, keys, None)
        await self.write(session, log, (table, "linked"), lambda: _linked(log, link, LINKED, dialect), values)

    def of_new(
        self, session: AsyncSession, key: Column[object], made: object, links: Sequence[Link]
    ) -> tuple[PreparedStatement, Mapping[str, object]] | None:
        """Return one statement that records a new row and its links, and its arguments; None if nothing is recorded.

        It has to run after the statements that insert the row and the links.
        """
        log, dialect = CHANGE_LOG.find(session.info), dialect_of(session)
        if log is None:
            return None
        place = (log, dialect.name, ("new", key, *((link.own, link.by) for link in links)))
        if place not in self._prepared:
            lines = list(_of_new(log, key, links, dialect))
            self._prepared[place] = prepare(log.insert_all(lines), dialect) if lines else None
        prepared = self._prepared[place]
        if prepared is None:
            return None
        return prepared, {
            OWN: made,
            **{f"{LINKED}{number}": list(link.keys) for number, link in enumerate(links)},
            **log.values(),
        }


def tells_old_rows(dialect: Dialect) -> bool:
    """Return True if RETURNING can return the old values of an UPDATE: PostgreSQL 18 and later."""
    version: tuple[int, ...] | None = getattr(dialect, "server_version_info", None)
    return dialect.name == "postgresql" and version is not None and version >= (18,)


def old_columns(
    columns: Sequence[Column[object]], dialect: Dialect, taken: CTE | None
) -> Iterator[ColumnElement[object]]:
    """Yield the row's old values for RETURNING, each labelled with the prefix OLD; from `taken` if it is given."""
    name = dialect.identifier_preparer.format_column
    for column in columns:
        old = literal_column(f"old.{name(column)}", column.type) if taken is None else taken.c[column.key]
        yield old.label(f"{OLD}{column.key}")


def taken_row(
    table: Table, columns: Sequence[Column[object]], where: Sequence[ColumnElement[bool]], *, to_delete: bool = False
) -> CTE:
    """Return a CTE that locks a row on PostgreSQL for a write in the same statement, and gives its current values.

    With `to_delete` it finds nothing while another transaction holds a lock on the row.
    """
    known = select(*dict.fromkeys([*table.primary_key.columns, *columns])).where(*where)
    return known.with_for_update(of=table, key_share=not to_delete, skip_locked=to_delete).cte("taken")


def made_line(log: ChangeLog, table: Table, after: Snapshot, where: Sequence[ColumnElement[bool]] = ()) -> Insert:
    """Return the INSERT of history lines about inserted rows."""
    return log.insert(table, before=None, after=after, where=where)


def changed_line(log: ChangeLog, table: Table, after: Snapshot, where: Sequence[ColumnElement[bool]]) -> Insert:
    """Return the INSERT of history lines about rows that this statement, or the next one, changes."""
    return log.insert(table, before=snapshot_of(table), after=after, where=where)


def _of_new(log: ChangeLog, key: Column[object], links: Sequence[Link], dialect: Dialect) -> Iterator[Insert]:
    if log.columns(key.table):
        yield made_line(log, key.table, snapshot_of(key.table), [key == bindparam(OWN, type_=key.type)])
    for number, link in enumerate(links):
        if log.columns(link.own.table):
            yield _linked(log, link, f"{LINKED}{number}", dialect)


def _linked(log: ChangeLog, link: Link, keys: str, dialect: Dialect) -> Insert:
    own, found = link.own, listed_keys(keys, link.other, link.by, dialect)
    chosen = [own == bindparam(OWN, type_=own.type), link.other.in_(select(found.c.value))]
    return made_line(log, own.table, snapshot_of(own.table), chosen)
