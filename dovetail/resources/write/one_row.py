"""One row by compiled statements: SELECT ... FOR UPDATE, UPDATE ... RETURNING the row as a read answers it, and DELETE.

`locked_rows.py` does the same for many rows, and for models that the ORM has to read or write.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Generic, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Insert,
    Table,
    Update,
    bindparam,
    delete,
    inspect,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningDelete

from dovetail.database.change_log import CHANGE_LOG, ChangeLog, log_of
from dovetail.database.error_translation import BROKEN_RULE
from dovetail.database.fast_unit_of_work import dialect_of, driver_to_write, flush
from dovetail.errors import ConflictError
from dovetail.resources.declaration.model_rules import (
    OF_UPDATES,
    ListenerChecks,
    delete_listeners,
    is_same,
    wants_context,
    why_objects,
)
from dovetail.resources.query.keys import key_names, key_of
from dovetail.resources.read.reader import Batch, Plan, Reader
from dovetail.resources.sql.change_lines import ChangeLines, changed_line, taken_row, tells_old_rows
from dovetail.resources.sql.entities import Entities
from dovetail.resources.sql.insert_statements import VALUE, columns_of, is_python, maker_of, placeholders
from dovetail.resources.sql.nested_select import allowed_column
from dovetail.resources.sql.statements import Cache, PreparedStatement, Statement, prepare
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.read_back import ReadBack

Model = TypeVar("Model")
KEY = "locked_key"  # the placeholder for the key of a row


@dataclass(frozen=True)
class RowChange(Generic[Model]):
    """New values of a row by attribute, and by relation the keys of the rows it is to be linked to."""

    item: Model
    values: Mapping[str, object]
    links: Mapping[str, Sequence[object]] = field(default_factory=dict)


@dataclass(frozen=True)
class Locked(Generic[Model]):
    """A locked row, and whether it fulfils the condition `Visibility.check`."""

    item: Model
    is_allowed: bool


@dataclass(frozen=True)
class Lock(Generic[Model]):
    """A compiled statement that locks a row."""

    prepared: PreparedStatement
    entities: Entities[Model]
    viewer_values: Sequence[object]

    async def take(self, session: AsyncSession, key: Hashable) -> Locked[Model] | None:
        """Lock the row with this key until the transaction ends and return it; None if it is not visible.

        The object has the current values of the row and is attached to the session.
        """
        await flush(session)
        found = await self.prepared.fetch(await driver_to_write(session), {KEY: key}, self.viewer_values)
        if not found:
            return None
        (row,) = found
        is_allowed = bool(row[self.width]) if len(row) > self.width else True
        return Locked(self.entities.attach(session, row[: self.width]), is_allowed)

    @cached_property
    def width(self) -> int:
        """The number of the row's own columns; a last one may follow, the result of `Visibility.check`."""
        return len(self.entities.columns())


class OneRow(Generic[Model]):
    """Locks, updates and deletes a row of `model`, identified by the attribute `key`, and reads it back by `reader`.

    `key` is empty where the key has several columns: then every method says that it cannot.
    """

    def __init__(self, model: type[Model], key: str, reader: Reader) -> None:
        self._model = model
        self._key = key
        self._reader = reader
        self._read_back = ReadBack(reader)
        self._entities = Entities(model)
        self._plans = Cache()
        self._delete = Statement(lambda _: self._delete_statement(), writes=True)
        self._lines = ChangeLines()

    def find_lock(
        self, session: AsyncSession, key: Hashable, visibility: Visibility, *, to_delete: bool = False
    ) -> Lock[Model] | None:
        """Return the statement that locks the row if it is visible; None if the ORM has to read it.

        With `to_delete` the lock also stops other transactions from inserting references to the row. The ORM has to
        read where it loads more than the row, where an event listens to loads, and to refresh an object that the
        session holds already.
        """
        if not self._is_plain or self._entities.have_load_listeners() or self.is_known(session, key):
            return None
        template = visibility.template
        if template is None:
            return None
        dialect = dialect_of(session)
        place = ("lock to delete" if to_delete else "lock", dialect.name, template)
        prepared = self._plans.remember(place, lambda: self._prepare_lock(visibility, dialect, to_delete=to_delete))
        return None if prepared is None else Lock(prepared, self._entities, visibility.bind_values)

    def can_update(self, session: AsyncSession, visibility: Visibility) -> bool:
        """Return True if one statement can update and read a row, and no ORM event listens to updates."""
        if not self._key or why_objects(self._model, session.sync_session_class, OF_UPDATES) is not None:
            return False
        dialect = dialect_of(session)
        place = ("possible", dialect.name, visibility.template or visibility.cache_key)
        return self._plans.remember(place, lambda: self.compile_update((), visibility, dialect) is not None)

    async def update(
        self, session: AsyncSession, change: RowChange[Model], visibility: Visibility, *, is_touched: bool
    ) -> Batch | None:
        """Update a locked row, for which `can_update` is true, and return it as it is then; None if nothing changes.

        The ORM object is not changed. A row that `is_touched`, because its links have changed, gets a new version.
        """
        values = changed_values(change, is_touched=is_touched)
        if not values:
            return None
        dialect = dialect_of(session)
        log = log_of(session, self._table)
        place = ("update", dialect.name, tuple(values), visibility.template or visibility.cache_key, log)
        plan = self._plans.remember(place, lambda: self.compile_update(tuple(values), visibility, dialect, log=log))
        assert plan is not None  # noqa: S101 - it can update
        connection = await driver_to_write(session)
        arguments = {f"{VALUE}{name}": value for name, value in values.items()} | {KEY: key_of(change.item)}
        if log is not None:
            arguments |= log.values()
        return await plan.fetch(connection, arguments, visibility.bind_values)

    def compile_update(
        self,
        names: Sequence[str],
        visibility: Visibility,
        dialect: Dialect,
        *conditions: ColumnElement[bool],
        log: ChangeLog | None = None,
        is_alone: bool = False,
    ) -> Plan | None:
        """Compile the UPDATE of these attributes that also reads the row; it only finds a row with the conditions.

        None if the ORM has to write the row, or several statements have to. `is_alone` as in `ReadBack.compile`.
        """
        if not self._read_back.is_possible((), visibility, dialect):
            return None
        table = inspect(self._model).local_table
        own = [column for column in table.columns if is_python(column.onupdate)]
        made = {name: column.onupdate for name, column in columns_of(self._model) if column in own}
        if len(made) < len(own) or any(map(wants_context, made.values())):
            return None  # only SQLAlchemy can call these
        defaults = {name: maker_of(default) for name, default in made.items() if name not in names}
        chosen, taken = [self.has_key(), *conditions], None
        if is_alone and log is not None and dialect.name != "sqlite" and not tells_old_rows(dialect):
            taken = taken_row(self._table, log.columns(self._table), chosen)
            chosen = [column == taken.c[column.key] for column in self._table.primary_key.columns]
        statement: Update = update(table).where(*chosen).values(placeholders(self._model, [*names, *defaults]))
        plan = self._read_back.compile(
            statement, defaults, {}, visibility, dialect, log, taken=taken, is_alone=is_alone
        )
        if plan is None or log is None or dialect.name != "sqlite":
            return plan
        line = self._line(log, names, conditions)
        prepared = None if line is None else prepare(line, dialect, visibility.binds)
        return None if prepared is None else replace(plan, first=(prepared,))

    def can_delete(self, session: AsyncSession) -> bool:
        """Return True if one statement deletes the whole row, and no ORM event listens to deletions."""
        return self._is_alone and not self._delete_listeners[session.sync_session_class].has_listeners()

    async def delete(self, session: AsyncSession, item: Model) -> None:
        """Delete a locked row, for which `can_delete` is true. Raise ConflictError if the database keeps it."""
        log, key = CHANGE_LOG.find(session.info), {KEY: key_of(item)}
        if log is not None and dialect_of(session).name != "sqlite":
            gone = await self._lines.write(session, log, "delete", lambda: self._recorded_delete(log), key)
        else:
            if log is not None:
                await self._lines.write(session, log, "gone", lambda: self._line_of_deleted(log), key)
            gone = await self._delete.fetch(session, **key)
        if not gone:  # a trigger or row-level security kept it
            raise ConflictError(BROKEN_RULE)
        session.expunge(item)

    def has_key(self) -> ColumnElement[bool]:
        """Return the condition that a row's key equals the placeholder KEY."""
        column = getattr(self._model, self._key)
        found: ColumnElement[bool] = column == bindparam(KEY, type_=column.type)
        return found

    def is_known(self, session: AsyncSession, key: Hashable) -> bool:
        """Return True if the session holds the object with this key, or may hold it."""
        if self._is_primary:
            return self._entities.has(session, key)
        return any(isinstance(one, self._model) for one in session.sync_session.identity_map.values())

    @cached_property
    def _is_primary(self) -> bool:
        return key_names(self._model) == (self._key,)

    @property
    def _table(self) -> Table:
        return cast("Table", inspect(self._model).local_table)

    def _line(self, log: ChangeLog, names: Sequence[str], conditions: Sequence[ColumnElement[bool]]) -> Insert | None:
        """Return the INSERT of the history line; None if a condition joins another table, which may multiply it."""
        if len(select(self._table).where(*conditions).get_final_froms()) > 1:
            return None
        after = {column.key: value for column, value in placeholders(self._model, names).items()}
        return changed_line(log, self._table, after, [self.has_key(), *conditions])

    def _line_of_deleted(self, log: ChangeLog) -> Insert | None:
        return log.insert_deleted(self._table, [self.has_key()])

    def _recorded_delete(self, log: ChangeLog) -> ReturningDelete[object]:
        line = self._line_of_deleted(log)
        statement = self._delete_statement()
        return statement if line is None else statement.add_cte(line.cte("history_line"))

    @cached_property
    def _delete_listeners(self) -> ListenerChecks:
        return delete_listeners(inspect(self._model))

    @cached_property
    def _is_plain(self) -> bool:
        return self._entities.are_plain()  # not in __init__: all models have to be imported first

    @cached_property
    def _is_alone(self) -> bool:
        mapper = inspect(self._model)
        return mapper.inherits is None and len(list(mapper.self_and_descendants)) == len(mapper.primary_key) == 1

    def _prepare_lock(self, visibility: Visibility, dialect: Dialect, *, to_delete: bool) -> PreparedStatement | None:
        columns = [*self._entities.columns(), *allowed_column(visibility.check)]
        statement = select(*columns).where(self.has_key(), visibility.rows)
        # With key_share PostgreSQL takes FOR NO KEY UPDATE, which allows new references to the row; SQLite ignores it.
        locking = statement.with_for_update(key_share=not to_delete, of=self._model)
        return prepare(locking, dialect, visibility.binds)

    def _delete_statement(self) -> ReturningDelete[object]:
        return delete(self._table).where(self.has_key()).returning(getattr(self._model, self._key))


def changed_values(change: RowChange[Model], *, is_touched: bool) -> dict[str, object]:
    """Return the new values that differ from the row's. If only its links were touched, return one unchanged value."""
    item = change.item
    known = inspect(item, raiseerr=True).dict  # lacks deferred columns
    values = {
        name: value for name, value in change.values.items() if name not in known or not is_same(known[name], value)
    }
    if not values and is_touched:
        name = any_column(item)
        return {name: getattr(item, name)}
    return values


def any_column(item: object) -> str:
    """Return the name of a column to write back unchanged, so that `onupdate` values and triggers apply."""
    for attribute in inspect(type(item)).column_attrs:
        column = attribute.columns[0]
        if not column.primary_key and column.onupdate is None and attribute.key in item.__dict__:
            return str(attribute.key)
    raise TypeError(f"{type(item).__name__} has no column to write")
