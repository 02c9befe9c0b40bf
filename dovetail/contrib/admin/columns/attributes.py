"""Find the columns, relations and other attributes that the options of a view name."""

import inspect as python_inspect
import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from typing import Any

from sqlalchemy import JSON, Column, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.associationproxy import AssociationProxyExtensionType
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import Mapper

SOUND = re.compile(r"passw|secret(?!ar)|^hashed_|_hash$")  # but not "secretary"
HARMLESS = 'remove it, or declare that it is harmless: mapped_column(info={"secret": False})'  # advice


class Kind(Enum):
    """The kinds of attributes, by what can be done with them."""

    COLUMN = auto()  # can be shown, sorted, searched, filtered and edited
    EXPRESSION = auto()  # a column_property or a hybrid with SQL: the same, except editing
    RELATION = auto()
    COMPOSITE = auto()
    PROXY = auto()  # an association_proxy: can be shown
    VALUE = auto()  # a property, or a hybrid without SQL: can be shown
    METHOD = auto()


@dataclass(frozen=True)
class Attribute:
    """The attribute at the end of a path such as `author.username`."""

    kind: Kind
    owner: type[object]
    name: str
    is_to_many: bool = False  # whether a relation of the path leads to several objects

    @property
    def sql(self) -> Any:
        """Return the SQL expression of a column, an expression or a relation."""
        return getattr(self.owner, self.name)

    @property
    def column(self) -> Any:
        """Return the column of the attribute. Raise AttributeError if it has none."""
        return inspect(self.owner).column_attrs[self.target].columns[0]

    @property
    def target(self) -> str:
        """Return the name of the attribute that a synonym refers to."""
        synonyms = inspect(self.owner).synonyms
        return str(synonyms[self.name].name) if self.name in synonyms else self.name


def name_of(column: object) -> str:
    """Return the name of an entry in a list of columns: a text, an attribute of a model, or a function.

    Django's `author__username` is the path `author.username`.
    """
    if isinstance(column, str):
        return column if column.startswith("__") else column.replace("__", ".")
    return str(getattr(column, "key", getattr(column, "__name__", column)))


def term_of(term: object) -> tuple[str, bool]:
    """Return the name in a term of an order such as `-created_at`, and whether it descends."""
    name = name_of(term)
    return name.removeprefix("-"), name.startswith("-")


def find(model: type[object], path: str) -> Attribute | None:
    """Return the attribute at the end of a path from `model`; None if there is none."""
    *steps, name = path.split(".")
    owner, is_to_many = model, False
    for step in steps:
        relation = inspect(owner).relationships.get(step)
        if relation is None:
            return None
        owner, is_to_many = relation.mapper.class_, is_to_many or bool(relation.uselist)
    kind = _kind(owner, name)
    return None if kind is None else Attribute(kind, owner, name, is_to_many)


def lacks(model: type[object], path: str) -> str:
    """Return that a model has nothing at the end of a path, and the nearest name that it has."""
    told = f"which {model.__name__} does not have"
    *steps, name = path.split(".")
    owner = model
    for step in steps:
        relation = inspect(owner).relationships.get(step)
        if relation is None:
            return told
        owner = relation.mapper.class_
    near = get_close_matches(name, inspect(owner).all_orm_descriptors.keys(), n=1)
    return f"{told}; did you mean {'.'.join([*steps, near[0]])!r}?" if near else told


def has_order(found: Attribute) -> bool:
    """Return True if rows can be ordered by an attribute."""
    if found.kind not in {Kind.COLUMN, Kind.EXPRESSION} or found.is_to_many:
        return False
    return not isinstance(found.sql.type, JSON) or isinstance(found.sql.type, JSONB)


def is_secret(mapper: Mapper[object], name: str) -> bool:
    """Return True if an attribute is a secret, by `info={"secret": ...}` of its column, or else by its name."""
    column = mapper.column_attrs[name].columns[0] if name in mapper.column_attrs else None
    marked: object = column.info.get("secret") if isinstance(column, Column) else None
    return SOUND.search(name) is not None if marked is None else bool(marked)


def holds_secret(found: Attribute) -> bool:
    """Return True if the attribute at the end of a path is a secret."""
    return is_secret(inspect(found.owner), found.target)


def _kind(model: type[object], name: str) -> Kind | None:
    mapper: Mapper[object] = inspect(model)
    if name in mapper.synonyms:
        return _kind(model, mapper.synonyms[name].name)
    if name in mapper.relationships:
        return Kind.RELATION
    if name in mapper.composites:
        return Kind.COMPOSITE
    if name in mapper.column_attrs:
        return Kind.COLUMN if isinstance(mapper.column_attrs[name].columns[0], Column) else Kind.EXPRESSION
    descriptor = mapper.all_orm_descriptors.get(name)
    if descriptor is not None:
        return _kind_of_descriptor(model, name, descriptor.extension_type)
    return _kind_of_python(model, name)


def _kind_of_descriptor(model: type[object], name: str, extension_type: object) -> Kind:
    if extension_type is AssociationProxyExtensionType.ASSOCIATION_PROXY:
        return Kind.PROXY
    if extension_type is HybridExtensionType.HYBRID_METHOD:
        return Kind.METHOD
    try:
        made = getattr(model, name)
    except Exception:  # noqa: BLE001 - a hybrid without SQL may raise anything for columns
        return Kind.VALUE
    return Kind.EXPRESSION if hasattr(made, "__clause_element__") and hasattr(made, "type") else Kind.VALUE


def _kind_of_python(model: type[object], name: str) -> Kind | None:
    found = python_inspect.getattr_static(model, name, None)
    if found is None or name.startswith("_"):
        return None
    if callable(found) or isinstance(found, classmethod | staticmethod):
        return Kind.METHOD
    return Kind.VALUE
