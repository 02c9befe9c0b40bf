"""Writes changes of rows that are locked: a statement for each set of columns that changes, however many rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Update, case, inspect, literal, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from dovetail.resources.write.links import change_links
from dovetail.resources.write.listeners import OF_UPDATES, why_objects
from dovetail.resources.write.validation import set_value


@dataclass(frozen=True)
class Change:
    """What a row is to be: values by attribute, and by relation the keys of the rows that it is linked to."""

    item: Any
    values: Mapping[str, Any]
    links: Mapping[str, Sequence[Any]] = field(default_factory=dict)


async def write_changes(session: AsyncSession, model: type[Any], changes: Sequence[Change]) -> None:
    """Write them. What stays as it is is not written; a row whose links change gets a new version with them."""
    touched: set[Any] = set()
    for name in dict.fromkeys(name for change in changes for name in change.links):
        wanted = {_key(change.item): change.links[name] for change in changes if name in change.links}
        touched |= await change_links(session, model, name, wanted)
    if why_objects(model, type(session.sync_session), OF_UPDATES) is None:
        await _write_rows(session, model, changes, touched)
    else:
        await _write_objects(session, changes, touched)


async def _write_rows(session: AsyncSession, model: type[Any], changes: Sequence[Change], touched: set[Any]) -> None:
    groups: dict[tuple[str, ...], list[tuple[Any, dict[str, Any]]]] = {}
    for change in changes:
        item = change.item
        known = inspect(item).dict  # without columns that are deferred
        values = {name: value for name, value in change.values.items() if name not in known or value != known[name]}
        if not values and _key(item) in touched:
            values = {_any_column(item): getattr(item, _any_column(item))}
        if values:
            groups.setdefault(tuple(values), []).append((_key(item), values))
    for rows in groups.values():
        await (await session.connection()).execute(_update(model, rows))
    for change in changes:
        session.expire(change.item)


def _update(model: type[Any], rows: Sequence[tuple[Any, Mapping[str, Any]]]) -> Update:
    """UPDATE rows, known by their keys, to values of the same attributes."""
    mapper = inspect(model)
    (key,) = mapper.primary_key
    changed: dict[Any, Any] = {}
    for name, first in rows[0][1].items():
        column = mapper.column_attrs[name].columns[0]
        values = [literal(values[name], column.type) for _, values in rows]
        if all(row[1][name] == first for row in rows):
            changed[column] = values[0]
        else:
            whens = [(key == row[0], value) for row, value in zip(rows, values, strict=True)]
            changed[column] = case(*whens, else_=column)
    return update(mapper.local_table).where(key.in_([row[0] for row in rows])).values(changed)


async def _write_objects(session: AsyncSession, changes: Sequence[Change], touched: set[Any]) -> None:
    for change in changes:
        for name, value in change.values.items():
            set_value(change.item, name, value)
        if _key(change.item) in touched and not session.is_modified(change.item):
            flag_modified(change.item, _any_column(change.item))
    await session.flush()


def _key(item: Any) -> Any:
    (key,) = inspect(item).identity
    return key


def _any_column(item: Any) -> str:
    """A column to write as it is, so that what changes with every write does."""
    for attribute in inspect(type(item)).column_attrs:
        column = attribute.columns[0]
        if not column.primary_key and column.onupdate is None and attribute.key in item.__dict__:
            return str(attribute.key)
    raise TypeError(f"{type(item).__name__} has no column to write")
