"""Look up the names of objects that recorded changes refer to by key, as far as the user may see them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from sqlalchemy import inspect, select
from sqlalchemy.orm import MANYTOONE, Mapper
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import have_identifiers, primary_keys
from dovetail.contrib.admin.lists.relations import loading_named
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import Fields, fields_of
from dovetail.contrib.history.keys import values_of_keys
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.objects import relations_of
from dovetail.translation.shortening import shorten

Texts: TypeAlias = Mapping[tuple[str, str], str]  # the name of an object, by (field of the line, key of the object)


class Reference(NamedTuple):
    """A field of a recorded change that holds keys of `target`, and the relation it belongs to."""

    field: str
    relation: str
    target: type[object]


async def related_texts(request: Request, model: type[object], rows: Sequence[RecordedChange]) -> Texts:
    """Return the names of the objects that changes of a model link or refer to. Run one statement per relation."""
    found: dict[tuple[str, str], str] = {}
    for one in _references(model):
        keys = set(_keys(rows, one.field))
        if keys and not {one.field, one.relation} & fields_of(request).hidden(model):
            found |= await _texts(request, model, one, keys)
            if one.field == one.relation and user_of(request).is_superuser:  # superusers see keys of deleted ones too
                found |= {(one.field, key): key for key in keys if (one.field, key) not in found}
    return found


def text_of(obj: object, fields: Fields) -> str:
    """Return the shortened `str()` of an object; "" if it defines none, or if it would show hidden fields."""
    return "" if type(obj).__str__ is object.__str__ else shorten(fields.text_of(obj))


def _references(model: type[object]) -> Iterator[Reference]:
    yield from (Reference(name, name, target) for name, target in relations_of(model).items())
    mapper: Mapper[object] = inspect(model)
    for one in mapper.relationships:
        if one.direction is MANYTOONE and len(one.local_columns) == 1 and one.remote_side == {*one.mapper.primary_key}:
            field = mapper.get_property_by_column(next(iter(one.local_columns))).key
            yield Reference(field, one.key, one.mapper.class_)


def _keys(rows: Sequence[RecordedChange], field: str) -> Iterator[str]:
    snapshots = (snapshot for row in rows for snapshot in (row.before, row.after))
    return (str(snapshot[field]) for snapshot in snapshots if snapshot.get(field) is not None)


async def _texts(request: Request, model: type[object], one: Reference, keys: set[str]) -> Texts:
    rights, target = rights_of(request), one.target
    values = values_of_keys(primary_keys(target), keys)
    visible = have_identifiers(target, values), rights.shown(model, [one.relation], target)
    rows = select(target).where(*visible).options(*loading_named(target, request))
    objects = (await request_context().session.scalars(rows)).unique(id)
    titles = {tuple(inspect(obj).identity): text_of(obj, fields_of(request)) for obj in objects}
    return {(one.field, key): titles[value] or key for key, value in values.items() if value in titles}
