"""INSERT of a row that is read back in the same statement: one statement on PostgreSQL, one for each table on SQLite.

A read selects a page of rows and joins others to it. On PostgreSQL INSERT ... RETURNING takes the place of that page,
so that one statement writes the row, links it to others and reads it with its nested objects. SQLite reads the row in
RETURNING (`read_back.py`) and needs one more statement for the links of each relation. Where ORM events listen to the
model, the ORM inserts an object instead (`model_rules.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias, cast

from sqlalchemy import Column, ColumnElement, Dialect, FromClause, Insert, Table, inspect, true
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.change_log import ChangeLog, log_of
from dovetail.database.error_translation import BROKEN_RULE
from dovetail.database.fast_unit_of_work import (
    dialect_of,
    driver_alone,
    driver_for_all,
    driver_to_write,
    note_confirmed,
    note_written,
    presumed_in,
)
from dovetail.database.prepared_reads import DriverConnection
from dovetail.database.presumed import Presumable
from dovetail.errors import ConflictError
from dovetail.resources.declaration.model_rules import make_object, why_objects
from dovetail.resources.query.keys import key_from, key_names, key_of
from dovetail.resources.read.reader import Batch, Plan, Reader
from dovetail.resources.sql.arrays import are_all_found, listed_keys
from dovetail.resources.sql.change_lines import ChangeLines, Link
from dovetail.resources.sql.insert_statements import (
    Defaults,
    NewRow,
    arguments_of,
    guarded_insert,
    in_order,
    insert_many_statement,
    insert_statement,
    insertable,
    prepare_values,
    python_defaults,
)
from dovetail.resources.sql.json_values import result_processor
from dovetail.resources.sql.presumed import is_confirmed
from dovetail.resources.sql.statements import Cache, PreparedStatement, Statement, confirmed_by
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.links import link_columns, link_many_statements, link_statement
from dovetail.resources.write.read_back import ReadBack, fetch_allowed

Names: TypeAlias = Mapping[str, Column[object] | None]  # the column that names rows, by relation


class Inserter:
    """Inserts rows of the reader's model. `key` is its primary key's attribute, or empty if the key has several."""

    def __init__(self, reader: Reader, key: str) -> None:
        self._reader = reader
        self._model = reader.model
        self._key = key
        self._read_back = ReadBack(reader)
        self._plans = Cache()
        self._links: dict[tuple[str, bool], Statement] = {}
        self._lines = ChangeLines()

    async def insert_and_read(
        self, session: AsyncSession, row: NewRow, visibility: Visibility
    ) -> tuple[object, Batch] | None:
        """Insert the row and read it in one statement; return its key and the batch read.

        The batch is empty, and nothing was inserted, if the row would not be allowed, if it names rows that do not
        exist, or if the user presumed to ask (`presumed_in`) is not confirmed. Return None, having done nothing, where
        one statement cannot do it. SQLite needs one more for the links of each relation.
        """
        if not self._key:
            return None
        dialect, presumed = dialect_of(session), presumed_in(session)
        links = {name: list(row.links[name]) for name in sorted(row.links) if row.links[name]}
        by = {name: row.by.get(name) for name in links}
        values = self._insertable(session, row)
        if values is None:
            return None
        extras = _InsertExtras(by, log_of(session, self._table), None if presumed is None else presumed.statement)
        asked = visibility.template or visibility.cache_key
        key = ("at once", dialect.name, tuple(values), tuple(by.items()), asked, extras.log, extras.by_whom)
        guarded, place, plan = self._plans.remember(key, lambda: self._compile(values, extras, visibility, dialect))
        if plan is None:
            return None
        arguments = arguments_of(values) | {f"link_{name}": keys for name, keys in links.items()}
        if extras.log is not None and dialect.name != "sqlite":
            arguments |= extras.log.values()
        if presumed is not None:
            arguments |= confirmed_by(presumed)
        # A transaction is needed if the row may be refused after the write, and on SQLite for links and history lines.
        is_all = (visibility.check is None or guarded) and dialect.name != "sqlite"
        connection = await self._connection(session, is_all=is_all)
        batch = await fetch_allowed(plan, connection, arguments, visibility.bind_values)
        if batch is None or not batch.items:  # nothing was inserted
            return None, batch or plan.batch(())
        note_written(session)  # on PostgreSQL this statement may have been the whole transaction
        if presumed is not None:
            note_confirmed(session, presumed)
        made = batch.version(0)[place]
        if dialect.name == "sqlite":
            await self._link_new(session, made, links, by)
        return made, batch

    async def insert(self, session: AsyncSession, row: NewRow) -> object:
        """Insert the row and link it; return its key."""
        if not self._key:
            return (await self.insert_many(session, [row]))[0]
        values = self._insertable(session, row)
        key = await (self._make(session, row) if values is None else self._insert(session, values))
        await self.link(session, key, row.links)
        return key

    async def insert_many(self, session: AsyncSession, rows: Sequence[NewRow]) -> list[object]:
        """Insert rows and their links by one statement for each table; return their keys in the same order."""
        values = [self._insertable(session, row) for row in rows]
        if any(one is None for one in values):
            return await self._make_many(session, rows)
        keys: dict[int, object] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        for number, one in enumerate(values):
            groups.setdefault(tuple(one or ()), []).append(number)
        connection = await session.connection()
        for numbers in groups.values():
            alike = [values[number] or {} for number in numbers]
            statement, arguments = insert_many_statement(self._model, key_names(self._model), alike, connection.dialect)
            found = [key_from(made) for made in await connection.execute(statement, arguments)]
            if len(found) < len(numbers):  # a trigger kept one out
                raise ConflictError(BROKEN_RULE)
            keys |= dict(zip(numbers, in_order(found, arguments), strict=True))
        ordered = [keys[number] for number in range(len(rows))]
        await self._link_many(session, ordered, rows)
        return ordered

    async def _make_many(self, session: AsyncSession, rows: Sequence[NewRow]) -> list[object]:
        """Insert the rows as ORM objects and link them; return their keys."""
        items = [make_object(self._model, row.values) for row in rows]
        session.add_all(items)
        await session.flush()
        keys: list[object] = [key_of(item) for item in items]
        await self._link_many(session, keys, rows)
        return keys

    async def _link_many(self, session: AsyncSession, keys: Sequence[object], rows: Sequence[NewRow]) -> None:
        connection = await session.connection()
        for linking, links in link_many_statements(self._model, keys, [row.links for row in rows], connection.dialect):
            await connection.execute(linking, links)

    async def link(self, session: AsyncSession, key: object, links: Mapping[str, Sequence[object]]) -> None:
        """Link a new row to the rows with the keys of `links`."""
        for name, keys in links.items():
            if keys:
                await self._link(name).fetch(session, key=key, keys=list(keys))
                await self._lines.linked(session, *link_columns(self._model, name), key, keys)

    async def _connection(self, session: AsyncSession, *, is_all: bool) -> DriverConnection:
        """Return the connection for an INSERT; one that `is_all` of the transaction may run without BEGIN.

        Such a statement confirms the presumed user itself.
        """
        if not is_all:
            return await driver_to_write(session)
        return driver_alone(session) or await driver_for_all(session)

    async def _link_new(
        self, session: AsyncSession, key: object, links: Mapping[str, Sequence[object]], by: Names
    ) -> None:
        """Link a row inserted on SQLite and record its history line, in one round trip to the driver's thread."""
        connection = await driver_to_write(session)
        pairs = [Link(*link_columns(self._model, name), keys, by[name]) for name, keys in links.items()]
        steps = [
            self._link(name, by[name]).prepared(connection.dialect).step({"key": key, "keys": keys})
            for name, keys in links.items()
        ]
        line = self._lines.of_new(session, self._key_column, key, pairs)
        if line is not None:
            prepared, values = line
            steps.append(prepared.step(values))
        if steps:
            await connection.fetch_last(steps)

    @property
    def _table(self) -> Table:
        return cast("Table", inspect(self._model).local_table)

    @property
    def _key_column(self) -> Column[object]:
        return cast("Column[object]", inspect(self._model).column_attrs[self._key].columns[0])

    def _compile(
        self, values: Mapping[str, object], extras: "_InsertExtras", visibility: Visibility, dialect: Dialect
    ) -> tuple[bool, int, Plan | None]:
        """Return the plan that inserts and reads the row, if one can, behind two facts about it.

        These are whether the statement inserts allowed rows only, and the position of the key in `Batch.version`.
        """
        links = {
            name: listed_keys(f"link_{name}", link_columns(self._model, name)[1], by, dialect)
            for name, by in extras.links.items()
        }
        if not self._read_back.is_possible(tuple(links), visibility, dialect):
            return False, 0, None
        statement, defaults = self._statement(values)
        conditions = list(extras.conditions(links, dialect))
        check = visibility.check if dialect.name == "postgresql" else None  # only there it may run without BEGIN
        guarded = None
        if conditions or check is not None:
            rule = true() if check is None else check
            guarded = guarded_insert(self._model, [*values, *defaults], rule, *conditions)
        if conditions and guarded is None:
            return False, 0, None
        write = statement if guarded is None else guarded
        is_alone = guarded is not None
        log, place = extras.log, self._reader.version_within(visibility.hidden).index(self._key)
        plan = self._read_back.compile(write, defaults, links, visibility, dialect, log, is_alone=is_alone)
        return is_alone, place, plan

    def _insertable(self, session: AsyncSession, row: NewRow) -> dict[str, object] | None:
        if why_objects(self._model, session.sync_session_class) is not None:
            return None
        return insertable(self._model, row.values)

    async def _insert(self, session: AsyncSession, values: Mapping[str, object]) -> object:
        connection = await driver_to_write(session)
        dialect = connection.dialect
        key = ("row", dialect.name, tuple(values))
        prepared: PreparedStatement = self._plans.remember(key, lambda: self._compile_row(values, dialect))
        ((made,),) = await prepared.fetch(connection, arguments_of(values))
        convert = result_processor(getattr(self._model, self._key).type, dialect)
        key_made = made if convert is None else convert(made)
        await self._lines.made(session, self._key_column, [key_made])
        return key_made

    def _compile_row(self, values: Mapping[str, object], dialect: Dialect) -> PreparedStatement:
        statement, defaults = self._statement(values)
        prepared = prepare_values(statement.returning(getattr(self._model, self._key)), dialect, (), defaults)
        assert prepared is not None  # noqa: S101 - the SQL of an INSERT of placeholders depends on no value
        return prepared

    def _statement(self, values: Mapping[str, object]) -> tuple[Insert, Defaults]:
        defaults = python_defaults(self._model, values)
        return insert_statement(self._model, [*values, *defaults]), defaults

    async def _make(self, session: AsyncSession, row: NewRow) -> object:
        item = make_object(self._model, row.values)
        session.add(item)
        await session.flush()
        return key_of(item)

    def _link(self, name: str, by: Column[object] | None = None) -> Statement:
        place = name, by is None
        if place not in self._links:
            self._links[place] = Statement(lambda dialect: link_statement(self._model, name, by, dialect), writes=True)
        return self._links[place]


class _InsertExtras(NamedTuple):
    """The links and the history that an INSERT writes beside the row, and the query that confirms the user."""

    links: Names
    log: ChangeLog | None
    by_whom: Presumable | None

    def conditions(self, keys: Mapping[str, FromClause], dialect: Dialect) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions of the INSERT: all rows that the body names exist, and so does the presumed user."""
        for name, by in self.links.items():
            if by is not None:
                yield are_all_found(keys[name], f"link_{name}", by, dialect)
        if self.by_whom is not None:
            yield is_confirmed(self.by_whom, dialect)
