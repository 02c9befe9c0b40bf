"""Refuse choices that do not go together, and empty others: foreign keys of several columns may have one in common.

An order and a product of an order's line both say whose they are (`tenant`): with a product of somebody else the line
would silently become part of their order.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.attributes import set_committed_value
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


def is_optional(relation: RelationshipProperty[object]) -> bool:
    """Return whether an object may have no object in a relation.

    One column without a value is enough, unless the foreign key has MATCH FULL; the others may be required, as the
    `tenant` that an order's line has from its order.
    """
    columns = relation.local_columns
    if all(column.nullable for column in columns):
        return True
    is_whole = any(str(key.match or "").upper() == "FULL" for column in columns for key in column.foreign_keys)
    return bool(_own_columns(relation)) and not is_whole


def empty_relation(obj: object, name: str) -> None:
    """Remove the object of a relation, without emptying columns that are required or that other relations have, too."""
    mapper: Mapper[object] = inspect(obj).mapper
    relation = mapper.relationships[name]
    own = _own_columns(relation) if _sets_columns(relation) else frozenset()
    if not own or own == relation.local_columns:
        setattr(obj, name, None)
        return
    for column in own:
        setattr(obj, mapper.get_property_by_column(column).key, None)
    set_committed_value(obj, name, None)  # without a change of the relation, which would empty all columns


def _own_columns(relation: RelationshipProperty[object]) -> frozenset[ColumnElement[object]]:
    """Return the nullable columns of a relation that no other relation sets."""
    others = [one for one in relation.parent.relationships if one is not relation and _sets_columns(one)]
    taken = {column for one in others for column in one.local_columns}
    return frozenset(one for one in relation.local_columns - taken if one.nullable)


def _sets_columns(relation: RelationshipProperty[object]) -> bool:
    return relation.direction is MANYTOONE and not relation.viewonly


def _value(obj: object, mapper: Mapper[object], column: ColumnElement[object]) -> object:
    """Return what an object holds in a column; None if that is not loaded."""
    return inspect(obj).dict.get(mapper.get_property_by_column(column).key)


def _apart(name: str, other: str, mapper: Mapper[object]) -> InvalidInputError:
    labels = [str(lazy_name(column_in_words(one), mapper.class_.__module__)) for one in (name, other)]
    detail = gettext("These values do not go together: %(names)s.") % {"names": ", ".join(labels)}
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail)])
