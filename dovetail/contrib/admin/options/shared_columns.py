"""Refuse choices that do not go together: foreign keys of several columns may have one of them in common.

An order and a product of an order's line both say whose they are (`tenant`): with a product of somebody else the line
would silently become part of their order.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.interfaces import MANYTOONE

from dovetail.errors import FieldError, InvalidInputError
from dovetail.translation.texts import gettext, lazy_name
from dovetail.translation.words import column_in_words


def check_shared_columns(obj: object, related: Mapping[str, object]) -> None:
    """Raise InvalidInputError for a chosen object that gives a column another value than another relation does."""
    mapper: Mapper[object] = inspect(obj).mapper
    given: dict[object, tuple[str, object]] = {}
    for name, target in related.items():
        relation = mapper.relationships[name]
        if target is None or not _sets_columns(relation):
            continue
        for local, remote in relation.local_remote_pairs or ():
            value = _value(target, relation.mapper, remote)
            other, said = given.setdefault(local, (name, value))
            if said != value:
                raise _apart(name, other, mapper)
    for name, relation in mapper.relationships.items():
        if name not in related and _sets_columns(relation) and not given.keys() >= relation.local_columns:
            for local in relation.local_columns & given.keys():  # the object would become part of another one
                chosen, value = given[local]
                if _value(obj, mapper, local) not in {None, value}:
                    raise _apart(chosen, name, mapper)


def _sets_columns(relation: RelationshipProperty[object]) -> bool:
    return relation.direction is MANYTOONE and not relation.viewonly


def _value(obj: object, mapper: Mapper[object], column: ColumnElement[object]) -> object:
    """Return what an object holds in a column; None if that is not loaded."""
    return inspect(obj).dict.get(mapper.get_property_by_column(column).key)


def _apart(name: str, other: str, mapper: Mapper[object]) -> InvalidInputError:
    labels = [str(lazy_name(column_in_words(one), mapper.class_.__module__)) for one in (name, other)]
    detail = gettext("These values do not go together: %(names)s.") % {"names": ", ".join(labels)}
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail)])
