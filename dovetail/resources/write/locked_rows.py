"""SELECT ... FOR UPDATE, UPDATE and DELETE of rows identified by their keys: few statements, however many rows.

An UPDATE takes one statement for each set of columns that changes. A DELETE takes one statement, or with joined-table
inheritance one for each table that may hold a part of a row.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from sqlalchemy import (
    Column,
    CursorResult,
    Result,
    Select,
    Table,
    Update,
    case,
    delete,
    exists,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import flag_modified

from dovetail.database.error_translation import BROKEN_RULE
from dovetail.errors import ConflictError
from dovetail.resources.declaration.model_rules import OF_UPDATES, has_delete_listeners, is_same, set_value, why_objects
from dovetail.resources.query.keys import Names, among, have_keys, key_from, key_names, key_of
from dovetail.resources.sql.nested_select import allowed_column
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.links import change_links
from dovetail.resources.write.one_row import Locked, Model, RowChange, any_column, changed_values

VisibleLinks: TypeAlias = Mapping[str, Select[object]]  # by relation, a SELECT of the keys the viewer may link
EVERYTHING: VisibleLinks = {}


async def lock_rows(
    session: AsyncSession,
    model: type[Model],
    names: Names,
    keys: Iterable[Hashable],
    visibility: Visibility,
    *,
    to_delete: bool = False,
) -> dict[Hashable, Locked[Model]]:
    """Lock the visible rows with these keys until the transaction ends; return them by key.

    The attributes of `names` make up the key. With `to_delete` no other transaction can insert references to the rows.

    Rows are locked in the order of their keys, so that two writers cannot deadlock.
    """
    statement = (
        select(model)
        .add_columns(*allowed_column(visibility.check))
        .where(visibility.rows, have_keys(model, names, keys))
        .order_by(*(getattr(model, name) for name in names))
    )
    # With key_share PostgreSQL takes FOR NO KEY UPDATE, which allows new references to the row; SQLite ignores it.
    statement = statement.with_for_update(key_share=not to_delete, of=model).execution_options(populate_existing=True)
    rows = await session.execute(statement)
    return {key_from([getattr(row[0], name) for name in names]): Locked(row[0], all(row[1:])) for row in rows}


async def update_rows(
    session: AsyncSession,
    model: type[Model],
    changes: Sequence[RowChange[Model]],
    visible: VisibleLinks = EVERYTHING,
    also_touched: Collection[Hashable] = (),
) -> None:
    """Write the changes of locked rows.

    Rows whose links change get a new version, and so do those with a key in `also_touched`. Links to rows that are not
    in `visible` stay as they are.
    """
    touched = {*also_touched} | await link_rows(session, model, changes, visible)
    if why_objects(model, session.sync_session_class, OF_UPDATES) is None:
        await _update_by_statements(session, model, changes, touched)
    else:
        await _update_objects(session, changes, touched)


async def link_rows(
    session: AsyncSession, model: type[Model], changes: Sequence[RowChange[Model]], visible: VisibleLinks = EVERYTHING
) -> set[Hashable]:
    """Set the links of locked rows as `changes` say; return the keys of the rows whose links changed."""
    touched: set[Hashable] = set()
    for name in dict.fromkeys(name for change in changes for name in change.links):
        wanted = {key_of(change.item): change.links[name] for change in changes if name in change.links}
        touched |= await change_links(session, model, name, wanted, visible.get(name))
    return touched


async def delete_rows(session: AsyncSession, model: type[Model], items: Sequence[Model]) -> None:
    """Delete the rows of `items`, which are locked; the database cascades. Raise ConflictError if it keeps one."""
    mapper = inspect(model)
    keys = [key_of(item) for item in items]
    columns = key_columns(mapper)
    if _is_one_table(mapper) and not has_delete_listeners(model):
        chosen = have_keys(model, key_names(model), keys)
        gone = await session.execute(delete(model).where(chosen))
        # A trigger or row-level security may keep a row. A row that a cascade deleted first is counted by no database.
        if _matched(gone) < len(keys) and await session.scalar(select(exists().where(chosen))):
            raise ConflictError(BROKEN_RULE)
    elif columns is None or has_delete_listeners(model):
        for item in items:
            await session.delete(item)
        await session.flush()
    else:
        await session.flush()
        for column in columns:
            await (await session.connection()).execute(delete(column.table).where(column.in_(keys)))
        for item in items:
            session.expunge(item)


async def write_values(
    session: AsyncSession, model: type[object], rows: Sequence[tuple[Hashable, Mapping[str, object]]]
) -> None:
    """Write values to rows, given as pairs of key and values: one UPDATE for all rows that set the same attributes.

    Raise ConflictError if the database does not take one of them, as a trigger or row-level security may have it.
    """
    groups: dict[tuple[str, ...], list[tuple[Hashable, Mapping[str, object]]]] = {}
    for key, values in rows:
        if values:
            groups.setdefault(tuple(values), []).append((key, values))
    for group in groups.values():
        if _matched(await (await session.connection()).execute(_update(model, group))) < len(group):
            raise ConflictError(BROKEN_RULE)


@cache
def key_columns(mapper: Mapper[object]) -> tuple[Column[object], ...] | None:
    """Return the key column of each table that may hold a part of a row, subclasses before their base classes.

    None if one of the tables has no single-column key: then the ORM has to delete.
    """
    lines = [list(heir.iterate_to_root()) for heir in mapper.self_and_descendants]
    tables = {each.local_table: len(line) - place for line in lines for place, each in enumerate(line)}
    found: list[Column[object]] = []
    for table in sorted(tables, key=lambda table: tables[table], reverse=True):
        if not isinstance(table, Table) or len(table.primary_key.columns) != 1:
            return None
        found += table.primary_key.columns
    return tuple(found)


def _matched(result: Result[tuple[object, ...]]) -> int:
    """Return the number of rows that a statement wrote."""
    return result.rowcount if isinstance(result, CursorResult) else 0


def _is_one_table(mapper: Mapper[object]) -> bool:
    """Return True if all rows of the mapper and its subclasses are in one table."""
    tables = {each.local_table for heir in mapper.self_and_descendants for each in heir.iterate_to_root()}
    return len(tables) == 1 and isinstance(mapper.local_table, Table)


async def _update_by_statements(
    session: AsyncSession, model: type[Model], changes: Sequence[RowChange[Model]], touched: set[Hashable]
) -> None:
    keys = [key_of(change.item) for change in changes]
    values = [changed_values(one, is_touched=key in touched) for one, key in zip(changes, keys, strict=True)]
    await write_values(session, model, list(zip(keys, values, strict=True)))
    for change in changes:
        session.expire(change.item)


def _update(model: type[object], rows: Sequence[tuple[Hashable, Mapping[str, object]]]) -> Update:
    """Return one UPDATE that sets the same attributes of all rows, each row to its own values."""
    mapper = inspect(model)
    key = mapper.primary_key  # columns of the table: the history looks for them in the statement
    changed: dict[object, object] = {}
    for name, first in rows[0][1].items():
        column = mapper.column_attrs[name].columns[0]
        if all(is_same(values[name], first) for _, values in rows):
            changed[column] = literal(first, column.type)
        else:
            whens = [(among(key, [one]), literal(values[name], column.type)) for one, values in rows]
            changed[column] = case(*whens, else_=column)
    return update(mapper.local_table).where(among(key, [row[0] for row in rows])).values(changed)


async def _update_objects(session: AsyncSession, changes: Sequence[RowChange[Model]], touched: set[Hashable]) -> None:
    for change in changes:
        for name, value in change.values.items():
            set_value(change.item, name, value)
        if key_of(change.item) in touched and not session.is_modified(change.item):
            flag_modified(change.item, any_column(change.item))
    await session.flush()
