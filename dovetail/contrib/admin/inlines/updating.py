"""Write the changes of many objects by one UPDATE for the same columns; the ORM sends one for each object."""

from collections.abc import Sequence

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, Mapper
from sqlalchemy.orm.attributes import set_committed_value

from dovetail.resources.write.locked_rows import update_rows
from dovetail.resources.write.model_rules import OF_UPDATES, why_objects
from dovetail.resources.write.one_row import RowChange


async def update_objects(session: AsyncSession, model: type[object], objects: Sequence[object]) -> None:
    """Write what was set on objects of the session; by the ORM, where something listens to it or lists were set."""
    mapper: Mapper[object] = inspect(model)
    is_heard = why_objects(model, type(session.sync_session), OF_UPDATES) is not None or len(mapper.primary_key) > 1
    if is_heard or any(_has_other_changes(mapper, obj) for obj in objects):
        await session.flush()
        return
    loaded = [{name: value for name, value in vars(obj).items() if name in mapper.column_attrs} for obj in objects]
    changes = [RowChange(obj, _taken_back(session, mapper, obj)) for obj in objects]
    await update_rows(session, model, changes)
    for change, values in zip(changes, loaded, strict=True):
        for name, value in {**values, **change.values}.items():
            if mapper.column_attrs[name].columns[0].onupdate is None:
                set_committed_value(change.item, name, value)


def _has_other_changes(mapper: Mapper[object], obj: object) -> bool:
    attributes = inspect(obj, raiseerr=True).attrs
    changed = [one for one in mapper.relationships if attributes[one.key].history.has_changes()]
    return any(one.direction is not MANYTOONE for one in changed)


def _taken_back(session: AsyncSession, mapper: Mapper[object], obj: object) -> dict[str, object]:
    """Return what was set on an object, by column, and make it again what its row is."""
    attributes = inspect(obj, raiseerr=True).attrs
    values: dict[str, object] = {}
    for name in mapper.column_attrs.keys():  # noqa: SIM118 - it is no mapping
        if attributes[name].history.has_changes():
            values[name] = getattr(obj, name)
    for relation in mapper.relationships:
        if not attributes[relation.key].history.has_changes():
            continue
        target = getattr(obj, relation.key)
        for local, remote in relation.local_remote_pairs or ():
            found = None if target is None else getattr(target, relation.mapper.get_property_by_column(remote).key)
            values[mapper.get_property_by_column(local).key] = found
    session.expire(obj)
    return values
