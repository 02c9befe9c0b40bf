"""The lines of a history about rows that are written past SQLAlchemy: beside what writes them, or as a statement.

PostgreSQL writes the lines in the statement that changes the rows. SQLite has no such statement; there, and where the
rows are known by their keys only, one more INSERT reads the rows, in front of what changes or deletes them and behind
what makes them. See `database/change_log.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Delete,
    Dialect,
    Insert,
    Table,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.change_log import CHANGE_LOG, ChangeLog, Picture, log_of
from dovetail.database.fast_unit_of_work import dialect_of, driver_to_write
from dovetail.resources.sql.arrays import listed_keys, members
from dovetail.resources.sql.statements import PreparedStatement, prepare

OLD = "history_old_"  # with the key of a column: its value before an UPDATE
MADE = "made_keys"  # the placeholder for the keys of rows that were made
OWN, LINKED = "own_key", "linked_keys"  # those for the key of a row, and of the rows that it was linked to


class Link(NamedTuple):
    """The columns of a link, and the keys of the other rows, or their names in the column `by`."""

    own: Column[object]
    other: Column[object]
    keys: Sequence[object]
    by: Column[object] | None


class ChangeLines:
    """Writes lines by statements that are compiled once for each log, each database and each `kind`."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[ChangeLog, str, object], PreparedStatement | None] = {}

    async def write(
        self,
        session: AsyncSession,
        log: ChangeLog,
        kind: object,
        build: Callable[[], Insert | Delete | None],
        values: Mapping[str, object],
    ) -> None:
        """Run what `build` makes for a kind of statement, whose placeholders `values` fill, and the log itself."""
        connection = await driver_to_write(session)
        place = (log, connection.dialect.name, kind)
        if place not in self._prepared:
            statement = build()
            self._prepared[place] = None if statement is None else prepare(statement, connection.dialect)
        prepared = self._prepared[place]
        if prepared is not None:
            await prepared.fetch(connection, {**values, **log.values()})

    async def made(self, session: AsyncSession, key: Column[object], keys: Sequence[object]) -> None:
        """Write that the rows with these keys were made, if that is written down."""
        table = key.table
        log = log_of(session, table)
        if log is None or not keys:
            return
        dialect = (await driver_to_write(session)).dialect

        def build() -> Insert:
            return made_line(log, table, picture(table), [key.in_(select(members(MADE, key.type, dialect).c.value))])

        await self.write(session, log, (table, "made"), build, {MADE: list(keys)})

    async def linked(
        self, session: AsyncSession, own: Column[object], other: Column[object], key: object, keys: Sequence[object]
    ) -> None:
        """Write that a row was linked to rows, by the columns `own` and `other`, if that is written down."""
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
        """Return what writes that a row was made and linked, and its values; None if that is not written down.

        It is one statement, which has to run behind those that make row and links.
        """
        log, dialect = CHANGE_LOG.find(session.info), dialect_of(session)
        columns = [key, *(link.own for link in links)]
        if log is None or not any(log.columns(column.table) for column in columns):
            return None
        place = (log, dialect.name, ("new", *columns, *(link.by for link in links)))
        if place not in self._prepared:
            self._prepared[place] = prepare(log.insert_all(list(_of_new(log, key, links, dialect))), dialect)
        prepared = self._prepared[place]
        assert prepared is not None  # noqa: S101 - an INSERT of placeholders reads the same whatever they stand for
        return prepared, {
            OWN: made,
            **{f"{LINKED}{number}": list(link.keys) for number, link in enumerate(links)},
            **log.values(),
        }


def tells_old_rows(dialect: Dialect) -> bool:
    """Return True if RETURNING of an UPDATE knows the row as it was, which PostgreSQL does from 18 on."""
    version: tuple[int, ...] | None = getattr(dialect, "server_version_info", None)
    return dialect.name == "postgresql" and version is not None and version >= (18,)


def old_columns(
    columns: Sequence[Column[object]], dialect: Dialect, taken: CTE | None
) -> Iterator[ColumnElement[object]]:
    """Yield the columns of the row as it was, called `old_title` and so on, for RETURNING: those of `taken`, if any."""
    name = dialect.identifier_preparer.format_column
    for column in columns:
        old = literal_column(f"old.{name(column)}", column.type) if taken is None else taken.c[column.key]
        yield old.label(f"{OLD}{column.key}")


def taken_row(
    table: Table, columns: Sequence[Column[object]], where: Sequence[ColumnElement[bool]], *, to_delete: bool = False
) -> CTE:
    """Return what locks a row of PostgreSQL's, for what writes it beside this, and tells what it is by then.

    Of one `to_delete` nothing is found while another transaction holds it.
    """
    known = select(*dict.fromkeys([*table.primary_key.columns, *columns])).where(*where)
    return known.with_for_update(of=table, key_share=not to_delete, skip_locked=to_delete).cte("taken")


def picture(table: Table | CTE) -> Picture:
    """Return the values of the columns of a table, or of a CTE that stands for it, by their keys."""
    return {column.key: column for column in table.columns}


def made_line(log: ChangeLog, table: Table, after: Picture, where: Sequence[ColumnElement[bool]] = ()) -> Insert:
    """Return the INSERT of lines about rows that were made."""
    return log.insert(table, before=None, after=after, where=where)


def changed_line(log: ChangeLog, table: Table, after: Picture, where: Sequence[ColumnElement[bool]]) -> Insert:
    """Return the INSERT of lines about rows that a statement beside it changes, or one behind it."""
    return log.insert(table, before=picture(table), after=after, where=where)


def _of_new(log: ChangeLog, key: Column[object], links: Sequence[Link], dialect: Dialect) -> Iterator[Insert]:
    if log.columns(key.table):
        yield made_line(log, key.table, picture(key.table), [key == bindparam(OWN, type_=key.type)])
    for number, link in enumerate(links):
        if log.columns(link.own.table):
            yield _linked(log, link, f"{LINKED}{number}", dialect)


def _linked(log: ChangeLog, link: Link, keys: str, dialect: Dialect) -> Insert:
    own, found = link.own, listed_keys(keys, link.other, link.by, dialect)
    chosen = [own == bindparam(OWN, type_=own.type), link.other.in_(select(found.c.value))]
    return made_line(log, own.table, picture(own.table), chosen)
