"""Write the changes of many objects by one UPDATE for the same columns; the ORM sends one for each object."""

from collections.abc import Sequence

from sqlalchemy import ClauseElement, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, Mapper, PassiveFlag
from sqlalchemy.orm.attributes import get_history, instance_state, set_committed_value

from dovetail.database.drivers.sqlalchemy_private import mark_written
from dovetail.resources.declaration.model_rules import OF_UPDATES, why_objects
from dovetail.resources.query.keys import among, key_from, key_of
from dovetail.resources.write.locked_rows import write_values


async def write_together(session: AsyncSession, model: type[object], rows: Sequence[object]) -> None:
    """Write what was set on rows, if nothing else was done in the session, by few statements instead of one a row."""
    changed, known = list(session.dirty), {id(row) for row in rows}  # rows may compare by value, and have no hash
    if len(changed) < 2 or session.new or session.deleted or any(id(one) not in known for one in changed):  # noqa: PLR2004 - rows
        return  # which the ORM writes, in the order that these want
    await update_objects(session, model, changed)
    await _load_expired(session, inspect(model), changed)


async def update_objects(session: AsyncSession, model: type[object], objects: Sequence[object]) -> None:
    """Write what was set on objects of the session; by the ORM, where something listens to it or lists were set."""
    mapper: Mapper[object] = inspect(model)
    is_heard = why_objects(model, type(session.sync_session), OF_UPDATES) is not None or len(mapper.primary_key) > 1
    names = frozenset([*mapper.column_attrs.keys(), *mapper.relationships.keys()])
    changed = [_changed_on(obj, names) for obj in objects]
    if is_heard or any(_is_for_the_orm(mapper, obj, some) for obj, some in zip(objects, changed, strict=True)):
        await session.flush()
        return
    values = [_set_on(mapper, obj, some) for obj, some in zip(objects, changed, strict=True)]
    await write_values(session, model, [(key_of(obj), written) for obj, written in zip(objects, values, strict=True)])
    made = _made_by_updates(mapper)
    for obj, written in zip(objects, values, strict=True):
        for name, value in written.items():
            if name not in vars(obj) or vars(obj)[name] is not value:  # the key behind a relation that was set
                set_committed_value(obj, name, value)
        if made:
            session.sync_session.expire(obj, made)
    mark_written(session, objects)


async def _load_expired(session: AsyncSession, mapper: Mapper[object], objects: Sequence[object]) -> None:
    """Read the columns that each UPDATE sets, of all objects at once; the ORM reads them of one after the other."""
    made = _made_by_updates(mapper)
    left = {name for obj in objects for name in made if name not in vars(obj)}
    columns = [mapper.attrs[name].class_attribute for name in sorted(left)]
    if not columns:
        return
    by_key, keys = {key_of(obj): obj for obj in objects}, mapper.primary_key
    for row in await session.execute(select(*keys, *columns).where(among(keys, by_key))):
        values = row[len(keys) :]
        for column, value in zip(columns, values, strict=True):
            set_committed_value(by_key[key_from(row[: len(keys)])], column.key, value)


def _made_by_updates(mapper: Mapper[object]) -> list[str]:
    """Return the columns that an UPDATE sets which does not name them."""
    columns = {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    return [key for key, one in columns.items() if one.onupdate is not None or one.server_onupdate is not None]


def _changed_on(obj: object, names: frozenset[str]) -> list[str]:
    """Return those of the columns and relations of an object that were set to something else."""
    touched = names.intersection(instance_state(obj).committed_state)
    return [name for name in touched if get_history(obj, name, PassiveFlag.PASSIVE_NO_INITIALIZE).has_changes()]


def _is_for_the_orm(mapper: Mapper[object], obj: object, changed: Sequence[str]) -> bool:
    """Return whether a list was set on an object, or SQL in place of a value."""
    values = [vars(obj)[name] for name in changed if name in mapper.column_attrs]
    directions = [mapper.relationships[name].direction for name in changed if name in mapper.relationships]
    return any(one is not MANYTOONE for one in directions) or any(isinstance(one, ClauseElement) for one in values)


def _set_on(mapper: Mapper[object], obj: object, changed: Sequence[str]) -> dict[str, object]:
    """Return what was set on an object, by column."""
    values = {name: vars(obj)[name] for name in changed if name in mapper.column_attrs}
    for relation in [mapper.relationships[name] for name in changed if name in mapper.relationships]:
        target = getattr(obj, relation.key)
        for local, remote in relation.local_remote_pairs or ():
            found = None if target is None else getattr(target, relation.mapper.get_property_by_column(remote).key)
            values[mapper.get_property_by_column(local).key] = found
    return dict(sorted(values.items()))
