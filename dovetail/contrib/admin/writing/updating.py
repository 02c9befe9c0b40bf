"""Write the changes of many objects by one UPDATE for the same columns; the ORM sends one for each object."""

from collections.abc import Collection, Hashable, Mapping, Sequence

from sqlalchemy import ClauseElement, Column, inspect, select
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
    mapper: Mapper[object] = inspect(model)
    values = None if has_listeners(session, mapper) else _plain_values(mapper, changed)
    if values is None:
        await update_objects(session, model, changed)
        await _load_expired(session, mapper, changed)
        return
    await _write(session, model, changed, values)
    made = _made_by_updates(mapper)
    by_key = {key_of(obj): obj for obj in changed}
    for key, told in await _read(session, mapper, by_key, made):
        vars(by_key[key]).update(zip(made, told, strict=True))  # as the ORM loads what is not expired


async def update_objects(session: AsyncSession, model: type[object], objects: Sequence[object]) -> None:
    """Write what was set on objects of the session; by the ORM, where something listens to it or lists were set."""
    mapper: Mapper[object] = inspect(model)
    needs_orm = has_listeners(session, mapper)
    names = frozenset([*mapper.column_attrs.keys(), *mapper.relationships.keys()])
    changed = [_changed_on(obj, names) for obj in objects]
    if needs_orm or any(_is_for_the_orm(mapper, obj, some) for obj, some in zip(objects, changed, strict=True)):
        await session.flush()
        return
    values = [_set_on(mapper, obj, some) for obj, some in zip(objects, changed, strict=True)]
    await _write(session, model, objects, values)
    made = _made_by_updates(mapper)
    for obj, written in zip(objects, values, strict=True):
        for name, value in written.items():
            if name not in vars(obj) or vars(obj)[name] is not value:  # the key behind a relation that was set
                set_committed_value(obj, name, value)
        if made:
            session.sync_session.expire(obj, made)


def has_listeners(session: AsyncSession, mapper: Mapper[object]) -> bool:
    """Return whether the ORM has to write objects: something listens to it, or they have a key of several columns."""
    return why_objects(mapper.class_, type(session.sync_session), OF_UPDATES) is not None or len(mapper.primary_key) > 1


def keys_behind(mapper: Mapper[object], name: str, target: object) -> dict[str, object]:
    """Return the columns by which a relation leads to an object, or to none, with what they hold then."""
    relation, found = mapper.relationships[name], {}
    for local, remote in relation.local_remote_pairs or ():
        held = None if target is None else getattr(target, relation.mapper.get_property_by_column(remote).key)
        found[mapper.get_property_by_column(local).key] = held
    return found


async def _write(
    session: AsyncSession, model: type[object], objects: Sequence[object], values: Sequence[Mapping[str, object]]
) -> None:
    await write_values(session, model, [(key_of(obj), written) for obj, written in zip(objects, values, strict=True)])
    mark_written(session, objects)


async def _load_expired(session: AsyncSession, mapper: Mapper[object], objects: Sequence[object]) -> None:
    """Read the columns that each UPDATE sets, of all objects at once; the ORM reads them of one after the other."""
    made = _made_by_updates(mapper)
    left = {name for obj in objects for name in made if name not in vars(obj)}
    by_key, names = {key_of(obj): obj for obj in objects}, sorted(left)
    for key, values in await _read(session, mapper, by_key, names):
        for name, value in zip(names, values, strict=True):
            set_committed_value(by_key[key], name, value)


async def _read(
    session: AsyncSession, mapper: Mapper[object], keys: Collection[Hashable], names: Sequence[str]
) -> list[tuple[Hashable, Sequence[object]]]:
    """Return the values of columns of the objects with these keys, by their keys."""
    columns, own = [mapper.attrs[name].class_attribute for name in names], mapper.primary_key
    if not columns:
        return []
    rows = await session.execute(select(*own, *columns).where(among(own, keys)))
    return [(key_from(row[: len(own)]), row[len(own) :]) for row in rows]


def _plain_values(mapper: Mapper[object], objects: Sequence[object]) -> list[dict[str, object]] | None:
    """Return what was set on each object, by column; None unless all of it are values of columns."""
    equals = {one.key: mapper.class_manager[one.key].impl.is_equal for one in mapper.column_attrs}
    found: list[dict[str, object]] = []
    for obj in objects:
        state = instance_state(obj)
        own, values = state.dict, {}
        for name, before in state.committed_state.items():
            equal = equals.get(name)
            if equal is None or name not in own or isinstance(own[name], ClauseElement):
                return None
            if equal(own[name], before) is not True:
                values[name] = own[name]
        found.append(dict(sorted(values.items())))
    return found


def _made_by_updates(mapper: Mapper[object]) -> list[str]:
    """Return the columns that an UPDATE sets which does not name them."""
    columns = {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    stored = {key: one for key, one in columns.items() if isinstance(one, Column)}  # no expressions
    return [key for key, one in stored.items() if one.onupdate is not None or one.server_onupdate is not None]


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
    for name in [one for one in changed if one in mapper.relationships]:
        values |= keys_behind(mapper, name, getattr(obj, name))
    return dict(sorted(values.items()))
