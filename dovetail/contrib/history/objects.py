"""Select the changes of single objects, and read from them which related objects were linked."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import ColumnElement, Select, func, inspect, select
from sqlalchemy.orm import Mapper

from dovetail.contrib.history.models import ChangeAction, RecordedChange


def changes_of(
    labels: Collection[str], key: str | ColumnElement[str], *, with_gone: bool, before: int | None = None
) -> Select[RecordedChange]:
    """Return the SELECT of an object's changes, latest first; `key` is in the form that lines have.

    Without `with_gone`, leave out the changes up to the last deletion under this key: they may belong to an earlier
    object. With `before`, return only changes with a lower id.
    """
    of_object = (RecordedChange.model.in_(labels), RecordedChange.object_key == key)
    statement = select(RecordedChange).where(*of_object).order_by(RecordedChange.id.desc())
    if not with_gone:
        gone = select(func.max(RecordedChange.id)).where(*of_object, RecordedChange.action == ChangeAction.DELETE)
        statement = statement.where(RecordedChange.id > func.coalesce(gone.scalar_subquery(), 0))
    return statement if before is None else statement.where(RecordedChange.id < before)


def relations_of(model: type[object]) -> dict[str, type[object]]:
    """Return the target models of a model's many-to-many relations, by the name of the relation."""
    mapper: Mapper[object] = inspect(model)
    return {one.key: one.mapper.class_ for one in mapper.relationships if one.secondary is not None}


def linked_keys(change: RecordedChange, name: str) -> Iterator[str]:
    """Yield the keys of the objects that a change linked or unlinked."""
    snapshots: tuple[Mapping[str, object], ...] = (change.before, change.after)
    for values in snapshots:
        if name in values:
            yield str(values[name])
