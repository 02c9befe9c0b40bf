"""Write the changes of many objects by one UPDATE for the same columns; the ORM sends one for each object."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, Mapper
from sqlalchemy.orm.attributes import set_committed_value

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
    made = set(_made_by_updates(mapper))
    touched = [names - inspect(obj, raiseerr=True).unmodified for obj in objects]
    if is_heard or any(_sets_a_list(mapper, obj, some) for obj, some in zip(objects, touched, strict=True)):
        await session.flush()
        return
    values = [_set_on(mapper, obj, some) for obj, some in zip(objects, touched, strict=True)]
    await write_values(session, model, [(key_of(obj), written) for obj, written in zip(objects, values, strict=True)])
    for obj, written in zip(objects, values, strict=True):
        loaded = {name: value for name, value in vars(obj).items() if name in names}
        session.expire(obj)
        for name, value in {**loaded, **written}.items():
            if name not in made:
                set_committed_value(obj, name, value)


async def _load_expired(session: AsyncSession, mapper: Mapper[object], objects: Sequence[object]) -> None:
    """Read the columns that each UPDATE sets, of all objects at once; the ORM reads them of one after the other."""
    made = set(_made_by_updates(mapper))
    left = {name for obj in objects for name in made & inspect(obj, raiseerr=True).unloaded}
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


def _sets_a_list(mapper: Mapper[object], obj: object, touched: AbstractSet[str]) -> bool:
    relations = [mapper.relationships[name] for name in touched if name in mapper.relationships]
    attributes = inspect(obj, raiseerr=True).attrs
    changed = [one for one in relations if attributes[one.key].history.has_changes()]
    return any(one.direction is not MANYTOONE for one in changed)


def _set_on(mapper: Mapper[object], obj: object, touched: AbstractSet[str]) -> dict[str, object]:
    """Return what was set on an object, by column."""
    attributes = inspect(obj, raiseerr=True).attrs
    changed = [name for name in touched if attributes[name].history.has_changes()]
    values = {name: getattr(obj, name) for name in changed if name in mapper.column_attrs}
    for relation in [mapper.relationships[name] for name in changed if name in mapper.relationships]:
        target = getattr(obj, relation.key)
        for local, remote in relation.local_remote_pairs or ():
            found = None if target is None else getattr(target, relation.mapper.get_property_by_column(remote).key)
            values[mapper.get_property_by_column(local).key] = found
    return dict(sorted(values.items()))
