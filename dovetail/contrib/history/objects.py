"""The lines of single objects: which they are, and what of them tells of related objects."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import ColumnElement, Select, func, inspect, select
from sqlalchemy.orm import Mapper

from dovetail.contrib.history.models import ChangeAction, RecordedChange


def changes_of(
    labels: Collection[str], key: str | ColumnElement[str], *, with_gone: bool, before: int | None = None
) -> Select[RecordedChange]:
    """Return the SELECT of the lines of an object, the latest first; `key` is as lines have it.

    Without `with_gone` only those since an object of this key was deleted last: they may be of another one.
    `before` is the number of the line that is the next later one.
    """
    of_object = (RecordedChange.model.in_(labels), RecordedChange.object_key == key)
    statement = select(RecordedChange).where(*of_object).order_by(RecordedChange.id.desc())
    if not with_gone:
        gone = select(func.max(RecordedChange.id)).where(*of_object, RecordedChange.action == ChangeAction.DELETE)
        statement = statement.where(RecordedChange.id > func.coalesce(gone.scalar_subquery(), 0))
    return statement if before is None else statement.where(RecordedChange.id < before)


def relations_of(model: type[object]) -> dict[str, type[object]]:
    """Return the models to which the many-to-many relations of a model lead, by the names of these."""
    mapper: Mapper[object] = inspect(model)
    return {one.key: one.mapper.class_ for one in mapper.relationships if one.secondary is not None}


def linked_keys(change: RecordedChange, name: str) -> Iterator[str]:
    """Yield the keys of objects to which a line says that a link was made or cut."""
    pictures: tuple[Mapping[str, object], ...] = (change.before, change.after)
    for picture in pictures:
        if name in picture:
            yield str(picture[name])
