"""Find, before a form is saved, the related objects that it removes: they lose their reference, or are deleted.

A form shows a one-to-many relation as a choice of several objects. Removing one of them updates its row, or deletes
it if it cannot exist without its parent (`delete-orphan`), with all cascades.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from sqlalchemy import inspect
from sqlalchemy.orm import ONETOMANY, Mapper, RelationshipProperty
from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.deleting.groups import (
    UNSEEN,
    DeletedObjects,
    Line,
    NamedObject,
    ObjectGroup,
    as_deleted_objects,
)
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.database.deletion.references import Effect
from dovetail.translation.texts import in_sentence
from dovetail.translation.words import class_in_words

NAMED = 10  # named objects of a group
TOLD = "_released"  # form field: the effects that the user has confirmed


@runtime_checkable
class _ReportsDeletedObjects(Protocol):
    async def get_deleted_objects(self, objs: Sequence[object], request: Request) -> Sequence[object]: ...


async def released(request: Request, view: ChangeListView, obj: object, data: Mapping[str, object]) -> DeletedObjects:
    """Return the related objects that saving `data` would remove from an object, and the effects of their deletion."""
    lines: list[Line] = []
    mapper: Mapper[object] = inspect(view.model)
    for name, value in data.items():
        relation = mapper.relationships.get(name)
        if relation is None or relation.direction is not ONETOMANY or name in inspect(obj).unloaded:
            continue
        gone = list(_taken(getattr(obj, name), value))
        if gone:
            lines += await _lines(request, view, relation, gone)
    return DeletedObjects(lines, {}, (), ())


def _taken(held: object, chosen: object) -> Iterator[object]:
    objects = held if isinstance(held, list | set | tuple) else [] if held is None else [held]
    kept = {str(one) for one in (chosen if isinstance(chosen, Iterable) and not isinstance(chosen, str) else [chosen])}
    return (one for one in objects if identifier_of(one) not in kept)


async def _lines(
    request: Request, view: ChangeListView, relation: RelationshipProperty[object], gone: Sequence[object]
) -> list[Line]:
    model: type[object] = relation.mapper.class_
    if relation.cascade.delete_orphan:
        effect = Effect.DELETE
    elif all(own.nullable for _, own in relation.local_remote_pairs or ()):
        effect = Effect.EMPTY
    else:
        return []  # the database refuses it, which the form reports
    rules, views = rules_of(request), rights_of(request).views_of(model)
    await rules.load(request_context().session, model, ["view", "change"], gone)
    if not all(rules.allows(model, "change", one) for one in gone):
        return []  # saving is refused
    seen = [one for one in gone if rules.allows(model, "view", one)]
    plural = views[0].name_plural if views else f"{class_in_words(model.__name__)}s"
    named = [
        NamedObject(view.short_title_of(one), identifier_of(one), view.link_to(request, one)) for one in seen[:NAMED]
    ]
    lines: list[Line] = [] if len(seen) == len(gone) else [UNSEEN]
    if seen:
        lines.insert(0, ObjectGroup(name=in_sentence(plural), effect=effect, count=len(seen), objects=named))
    if effect is Effect.DELETE and views and isinstance(views[0], _ReportsDeletedObjects):
        lines += as_deleted_objects(await views[0].get_deleted_objects(gone, request)).deleted_objects
    return lines
