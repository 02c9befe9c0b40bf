"""INSERT of a row that is read back as it is answered: one statement on PostgreSQL, one for each table on SQLite.

A read selects a page of rows and what is joined to it. PostgreSQL takes INSERT ... RETURNING in place of the page, so
that one statement writes the row, links it to others and answers it with its nested objects. SQLite reads the row in
RETURNING (`insert_statements.py`) and takes one more statement for the links of each relation. A model that something
listens to is made as an object by the ORM instead (`model_rules.py`).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import CTE, Dialect, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.drivers.retries import note_write
from dovetail.database.drivers.session_connection import connection_for_all, connection_to_read, connection_to_write
from dovetail.database.prepared_reads import driver_connection
from dovetail.resources.read.reader import Batch, Cache, Plan, Reader
from dovetail.resources.sql.json_values import result_processor
from dovetail.resources.sql.nested_select import page_columns
from dovetail.resources.sql.statements import PreparedStatement, Statement
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.insert_statements import (
    VALUE,
    NewRow,
    in_order,
    insert_many_statement,
    insert_statement,
    insertable,
    new_row_cte,
    prepare_insert,
    prepare_returning,
    python_defaults,
    sees_only_the_row,
)
from dovetail.resources.write.links import link_cte, link_many_statements, link_statement
from dovetail.resources.write.model_rules import make_object, why_objects


class Inserter:
    """Inserts rows of `reader`'s model, whose primary key is the attribute `key`."""

    def __init__(self, reader: Reader, key: str) -> None:
        self._reader = reader
        self._model = reader.model
        self._key = key
        self._plans = Cache()
        self._links: dict[str, Statement] = {}

    async def insert_and_read(
        self, session: AsyncSession, row: NewRow, visibility: Visibility
    ) -> tuple[object, Batch] | None:
        """Insert the row and read it in one statement; return its key and what was read.

        None where that cannot be done, and nothing is done then. SQLite takes one more for the links of each relation.
        """
        dialect = (await connection_to_read(session)).dialect
        links = {name: list(row.links[name]) for name in sorted(row.links) if row.links[name]}
        values = self._insertable(session, row)
        if values is None or not self._reads_at_once(tuple(links), visibility, dialect):
            return None
        key = ("at once", dialect.name, tuple(values), tuple(links), visibility.cache_key)
        plan: Plan | None = self._plans.remember(key, lambda: self._compile_both(values, links, visibility, dialect))
        if plan is None:
            return None
        arguments = _arguments(values) | {f"link_{name}": keys for name, keys in links.items()}
        connection = await driver_connection(await connection_for_all(session))
        batch = await plan.fetch(connection, arguments, visibility.bind_values)
        note_write()  # on PostgreSQL this one statement may have been all of the transaction
        made = batch.version(0)[self._reader.version.index(self._key)]
        if dialect.name == "sqlite":
            await self.link(session, made, links)
        return made, batch

    async def insert(self, session: AsyncSession, row: NewRow) -> object:
        """Insert the row and link it; return its key."""
        values = self._insertable(session, row)
        key = await (self._make(session, row) if values is None else self._insert(session, values))
        await self.link(session, key, row.links)
        return key

    async def insert_many(self, session: AsyncSession, rows: Sequence[NewRow]) -> list[object]:
        """Insert rows and link them, in one statement a table; return their keys, in the same order."""
        values = [self._insertable(session, row) for row in rows]
        if any(one is None for one in values):
            return [await self.insert(session, row) for row in rows]
        keys: dict[int, object] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        for number, one in enumerate(values):
            groups.setdefault(tuple(one or ()), []).append(number)
        connection = await connection_to_write(session)
        for numbers in groups.values():
            alike = [values[number] or {} for number in numbers]
            statement, arguments = insert_many_statement(self._model, self._key, alike, connection.dialect)
            found = (await connection.execute(statement, arguments)).scalars()
            keys |= dict(zip(numbers, in_order(found, arguments), strict=True))
        ordered = [keys[number] for number in range(len(rows))]
        for linking, links in link_many_statements(
            self._model, ordered, [row.links for row in rows], connection.dialect
        ):
            await connection.execute(linking, links)
        return ordered

    async def link(self, session: AsyncSession, key: object, links: Mapping[str, Sequence[object]]) -> None:
        """Link a new row to the rows with the keys of `links`."""
        for name, keys in links.items():
            if keys:
                await self._link(name).fetch(session, key=key, keys=list(keys))

    def _insertable(self, session: AsyncSession, row: NewRow) -> dict[str, object] | None:
        if why_objects(self._model, type(session.sync_session)) is not None:
            return None
        return insertable(self._model, row.values)

    def _reads_at_once(self, links: tuple[str, ...], visibility: Visibility, dialect: Dialect) -> bool:
        if visibility.related:  # a condition may ask for what is not in the tables yet
            return False
        node = self._reader.node_for(visibility, dialect)
        key = ("sees", dialect.name, links, visibility.hidden)
        return node is not None and bool(self._plans.remember(key, lambda: sees_only_the_row(node, links, dialect)))

    def _compile_both(
        self, values: Mapping[str, object], links: Mapping[str, object], visibility: Visibility, dialect: Dialect
    ) -> Plan | None:
        node, defaults = self._reader.node_for(visibility, dialect), python_defaults(self._model, values)
        assert node is not None  # noqa: S101 - it reads at once
        insert = insert_statement(self._model, [*values, *defaults])
        columns = page_columns(node, self._reader.version)

        def beside(row: CTE) -> Sequence[CTE]:
            hiding = [new_row_cte(self._model, dialect)] if dialect.name == "sqlite" else []
            return [*hiding, *(link_cte(self._model, name, row, dialect) for name in links)]

        page = select(*columns) if dialect.name == "sqlite" else insert.returning(*columns)
        nested = self._reader.nested_select(node, page, visibility, dialect, beside=beside)
        if dialect.name == "sqlite":
            prepared = prepare_returning(insert, nested, self._model, dialect, defaults)
        else:
            prepared = prepare_insert(nested.statement, dialect, visibility.binds, defaults)
        return self._reader.plan_of(nested, prepared, dialect)

    async def _insert(self, session: AsyncSession, values: Mapping[str, object]) -> object:
        connection = await connection_to_write(session)
        dialect = connection.dialect
        key = ("row", dialect.name, tuple(values))
        prepared: PreparedStatement = self._plans.remember(key, lambda: self._compile_row(values, dialect))
        ((made,),) = await prepared.fetch(await driver_connection(connection), _arguments(values))
        convert = result_processor(getattr(self._model, self._key).type, dialect)
        return made if convert is None else convert(made)

    def _compile_row(self, values: Mapping[str, object], dialect: Dialect) -> PreparedStatement:
        defaults = python_defaults(self._model, values)
        statement = insert_statement(self._model, [*values, *defaults])
        prepared = prepare_insert(statement.returning(getattr(self._model, self._key)), dialect, (), defaults)
        assert prepared is not None  # noqa: S101 - an INSERT of placeholders reads the same whatever they stand for
        return prepared

    async def _make(self, session: AsyncSession, row: NewRow) -> object:
        item = make_object(self._model, row.values)
        session.add(item)
        await session.flush()
        return getattr(item, self._key)

    def _link(self, name: str) -> Statement:
        if name not in self._links:
            self._links[name] = Statement(lambda dialect: link_statement(self._model, name, dialect), writes=True)
        return self._links[name]


def _arguments(values: Mapping[str, object]) -> dict[str, object]:
    return {f"{VALUE}{name}": value for name, value in values.items()}
