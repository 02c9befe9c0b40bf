"""Enforce hidden fields of policies: they are not loaded, named, filtered, sorted, searched or shown.

Hidden columns are not loaded, so that no label, property or formatter can reveal them; expressions computed from them
in SQL are hidden as well, and so are a relation and its foreign key together.
"""

import re
from collections.abc import Iterable, Iterator
from typing import cast

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.associationproxy import AssociationProxyExtensionType
from sqlalchemy.orm import MANYTOONE, Mapper, defer, raiseload
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql.visitors import iterate
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import Kind, find
from dovetail.contrib.admin.columns.code_names import names_in_text_of
from dovetail.contrib.admin.rules.rules import Rules
from dovetail.state import StateKey

FIELDS = StateKey["Fields"]("dovetail_admin_fields", "nobody is logged in")  # of a request; use `fields_of`
MISSED = re.compile(r"'(\w+\.\w+)' is not available due to (?:raiseload=True|lazy='raise')")  # SQLAlchemy's message


DEEPEST = 3  # maximum length of paths that are followed in code


class Fields:
    """The fields of each model that one user may not read or write."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._hidden: dict[type[object], frozenset[str]] = {}
        self._hidden_paths: dict[tuple[type[object], str], bool] = {}
        self._in_texts: dict[Mapper[object], frozenset[str]] = {}  # the names in the code of `__str__`
        self._harmless: dict[tuple[Mapper[object], frozenset[str], int], bool] = {}
        self._masked: set[str] = set()  # Post.title: attributes that were not loaded since they are hidden

    def is_hidden(self, model: type[object], path: str) -> bool:
        """Return whether the user may not read the attribute at the end of a path (`author.email`) from a model.

        Results are cached, since a page needs the same paths many times.
        """
        key = (model, path)
        if key not in self._hidden_paths:
            self._hidden_paths[key] = self._is_hidden(model, path)
        return self._hidden_paths[key]

    def shown(self, model: type[object], paths: Iterable[str]) -> list[str]:
        """Return the paths that the user may read."""
        return [path for path in paths if not self.is_hidden(model, path)]

    def hidden(self, model: type[object]) -> frozenset[str]:
        """Return the attributes of a model that the user may not read, including those computed from them in SQL."""
        if model not in self._hidden:
            named = frozenset(name for name in self._rules.hidden(model) if "." not in name)
            self._hidden[model] = frozenset(_with_what_tells(model, named)) if named else named
        return self._hidden[model]

    def read_only(self, model: type[object]) -> frozenset[str]:
        """Return the attributes of a model that the user may not write; relations include their foreign keys."""
        named = self._rules.read_only(model)
        return named | frozenset(_keys_and_relations(inspect(model), named)) if named else named

    def masks(self, model: type[object], needed: Iterable[str] = ()) -> list[ORMOption]:
        """Return the loader options that exclude hidden attributes, except those `needed` by relations."""
        mapper: Mapper[object] = inspect(model)
        kept = {mapper.get_property_by_column(column).key for column in mapper.primary_key}.union(needed)
        names = [name for name in sorted(self.hidden(model) - kept) if name in mapper.column_attrs]
        return [*(defer(getattr(model, name), raiseload=True) for name in names), *self.relation_masks(model)]

    def relation_masks(self, model: type[object]) -> list[ORMOption]:
        """Return the loader options that exclude hidden relations, which the model may load by default."""
        mapper: Mapper[object] = inspect(model)
        names = sorted(self.hidden(model))
        self.note_masked(model, names)
        return [raiseload(getattr(model, name)) for name in names if name in mapper.relationships]

    def tells(self, model: type[object], expression: ColumnElement[object]) -> bool:
        """Return whether an expression uses attributes of a model that the user may not read."""
        mapper: Mapper[object] = inspect(model)
        names = (name for name in self.hidden(model) if name in mapper.column_attrs)
        columns = {_place(column) for name in names for column in mapper.column_attrs[name].columns}
        return bool(columns and columns & set(_columns_in(expression)))

    def note_masked(self, model: type[object], names: Iterable[str]) -> None:
        """Record attributes that were not loaded since the user may not read them."""
        for mapper in inspect(model).iterate_to_root():
            self._masked.update(f"{mapper.class_.__name__}.{name}" for name in names)

    def is_masked(self, error: InvalidRequestError) -> bool:
        """Return whether an error was caused by reading an attribute that is hidden from the user."""
        missed = MISSED.search(str(error))
        return missed is not None and missed[1] in self._masked

    def text_of(self, obj: object) -> str:
        """Return the `str` of an object; an empty text if it might contain fields that the user may not read."""
        mapper: Mapper[object] = instance_state(obj).mapper
        if self.may_tell(obj, self._named_by_text(mapper)):
            return ""
        try:
            return str(obj)
        except InvalidRequestError as error:
            if not self.is_masked(error):
                raise
            return ""

    def may_tell(self, obj: object, names: frozenset[str], depth: int = DEEPEST) -> bool:
        """Return whether code that reads `names` of an object could read fields that the user may not read.

        That is possible if hidden columns of the object, or of a related one, were loaded in order to change it.
        """
        mapper, loaded = instance_state(obj).mapper, vars(obj)  # `inspect` is slower, and this is called for each cell
        if self._is_harmless(mapper, names, depth):
            return False
        if not (self.hidden(mapper.class_) & names).isdisjoint(loaded):
            return True
        related = [loaded[name] for name in mapper.relationships.keys() if name in names and name in loaded]  # noqa: SIM118 - not a mapping
        near = [one for value in related for one in (value if isinstance(value, list | set) else [value]) if one]
        return depth > 0 and any(self.may_tell(one, names, depth - 1) for one in near)

    def _is_hidden(self, model: type[object], path: str) -> bool:
        if any(path == one or path.startswith(f"{one}.") for one in self._rules.hidden(model)):
            return True
        name, _, rest = path.partition(".")
        mapper: Mapper[object] = inspect(model)
        name, value = behind_proxy(mapper, name)
        if name in self.hidden(model):
            return True
        rest = rest or value
        return (
            bool(rest)
            and name in mapper.relationships
            and self.is_hidden(mapper.relationships[name].mapper.class_, rest)
        )

    def _is_harmless(self, mapper: Mapper[object], names: frozenset[str], depth: int) -> bool:
        """Return whether none of the names is hidden in any model that the code can read; cached."""
        key = (mapper, names, depth)
        if key not in self._harmless:
            related = [mapper.relationships[name].mapper for name in names.intersection(mapper.relationships.keys())]
            near = [one for found in related for one in found.self_and_descendants] if depth else []
            self._harmless[key] = self.hidden(mapper.class_).isdisjoint(names) and all(
                self._is_harmless(one, names, depth - 1) for one in near
            )
        return self._harmless[key]

    def _named_by_text(self, mapper: Mapper[object]) -> frozenset[str]:
        if mapper not in self._in_texts:
            self._in_texts[mapper] = names_in_text_of(mapper.class_)
        return self._in_texts[mapper]


def fields_of(request: Request) -> Fields:
    """Return the Fields of the user of a request. Raise ConfigurationError if nobody is logged in."""
    return FIELDS.get(request)


def behind_proxy(mapper: Mapper[object], name: str) -> tuple[str, str]:
    """Return (relation, attribute) of an association proxy, or (name, "") for other attributes."""
    descriptor: object = mapper.all_orm_descriptors.get(name)
    is_proxy = getattr(descriptor, "extension_type", None) is AssociationProxyExtensionType.ASSOCIATION_PROXY
    if not is_proxy:
        return name, ""
    return str(getattr(descriptor, "target_collection", name)), str(getattr(descriptor, "value_attr", ""))


def _with_what_tells(model: type[object], named: frozenset[str]) -> Iterator[str]:
    """Yield the names, and all attributes of the model that reveal their values."""
    mapper: Mapper[object] = inspect(model)
    hidden = named | frozenset(_keys_and_relations(mapper, named))
    yield from hidden
    found = [mapper.column_attrs[name] for name in hidden if name in mapper.column_attrs]
    columns = {_place(column) for attribute in found for column in attribute.columns}
    for name in mapper.all_orm_descriptors.keys():  # noqa: SIM118 - not a mapping
        if name not in hidden and (_synonym_of(mapper, name) in hidden or columns & set(_read_by(model, name))):
            yield name


def _keys_and_relations(mapper: Mapper[object], names: frozenset[str]) -> Iterator[str]:
    for relation in mapper.relationships:
        if relation.direction is not MANYTOONE:
            continue
        keys = [mapper.get_property_by_column(column).key for column in relation.local_columns]
        if relation.key in names:
            yield from keys
        elif names.intersection(keys):
            yield relation.key


def _synonym_of(mapper: Mapper[object], name: str) -> str | None:
    return str(mapper.synonyms[name].name) if name in mapper.synonyms else None


def _read_by(model: type[object], name: str) -> Iterator[tuple[object, str]]:
    """Yield the columns of an attribute, or of its SQL expression."""
    mapper: Mapper[object] = inspect(model)
    if name in mapper.composites:
        yield from (_place(column) for column in mapper.composites[name].columns)
        return
    attribute = find(model, name)
    if attribute is None or attribute.kind not in {Kind.COLUMN, Kind.EXPRESSION}:
        return
    yield from _columns_in(attribute.sql)


def _columns_in(expression: object) -> Iterator[tuple[object, str]]:
    made = expression.__clause_element__() if hasattr(expression, "__clause_element__") else expression
    for part in iterate(cast("ColumnElement[object]", made)):
        if isinstance(part, ColumnElement):
            yield from map(_place, part.base_columns)


def _place(column: object) -> tuple[object, str]:
    return getattr(column, "table", None), str(getattr(column, "name", ""))
