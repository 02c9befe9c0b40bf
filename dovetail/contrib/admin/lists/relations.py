"""Load related objects, and build conditions on them, limited to those that the user may view."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, inspect, select, true
from sqlalchemy.orm import (
    MANYTOONE,
    InstrumentedAttribute,
    Mapper,
    RelationshipProperty,
    joinedload,
    selectinload,
    undefer,
)
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql import operators
from starlette.requests import Request

from dovetail.contrib.admin.columns.columns import paths_of_title
from dovetail.contrib.admin.columns.identifiers import has_identifier, parse_identifier
from dovetail.contrib.admin.lists.deferred_columns import DeferredColumns, columns_of_named
from dovetail.contrib.admin.permissions import Rights, rights_of
from dovetail.contrib.admin.rules.fields import behind_proxy
from dovetail.contrib.admin.rules.rules import EVERYTHING

EAGER = frozenset({"selectin", "joined", "subquery", "immediate", False})  # the values of `lazy=` in a model


def loading(
    model: type[object],
    fields: Iterable[str],
    rights: Rights,
    columns: DeferredColumns | None = None,
    *,
    named: DeferredColumns | None = None,
    whole: bool = False,
    joined: bool = False,
    titled: bool = True,
) -> list[ORMOption]:
    """Return the loader options for the relations in `fields`, with one statement each for all rows.

    With them come the relations that a `__str__` reads: that of the model, if its objects are `titled`, and those of
    related objects.

    With `joined`, which is not possible for statements with DISTINCT or GROUP BY, relations to one object are loaded by
    joins: that saves a statement, and a third of the time of a long list.

    Objects that the user may not view are not loaded, not even by relations that the model loads by default, nor are
    columns that they may not read, unless rows are loaded `whole` in order to change them. Given `columns`, only the
    columns that `fields` need are loaded; given `named`, only those of related objects.
    """
    paths = [*fields, *(paths_of_title(model) if titled else ())]
    return _Loading(model, rights, columns, named or columns, whole, joined).options(model, paths)


def loading_named(model: type[object], request: Request) -> list[ORMOption]:
    """Return the loader options for objects that a page only names: for what their `__str__` reads."""
    columns = columns_of_named(request) if _is_alone(inspect(model)) else None
    return loading(model, (), rights_of(request), columns)


@dataclass(frozen=True)
class _Loading:
    root: type[object]
    rights: Rights
    columns: DeferredColumns | None
    named: DeferredColumns | None  # the columns of related objects
    whole: bool
    joined: bool

    def options(
        self,
        model: type[object],
        fields: Iterable[str],
        steps: tuple[str, ...] = (),
        seen: frozenset[type[object]] = frozenset(),
    ) -> list[ORMOption]:
        mapper: Mapper[object] = inspect(model)
        hidden = self.rights.fields.hidden(model)
        names = [name for name in fields if not self.rights.fields.is_hidden(self.root, ".".join((*steps, name)))]
        wanted, late = _sort_out(mapper, names)
        always = {relation.key for relation in mapper.relationships if relation.lazy in EAGER}.difference(hidden)
        columns = self.named if steps and (self.named is self.columns or _is_alone(mapper)) else self.columns
        options = self._columns(mapper, names, {*wanted, *always}, late, columns)
        for name in [*wanted, *sorted(always.difference(wanted))]:
            target = mapper.relationships[name].mapper.class_
            if name not in wanted and target in seen:
                continue
            relation, path = getattr(model, name), (*steps, name)
            visible = self.rights.shown(self.root, path, target)
            rest = wanted.get(name, [])
            titles = paths_of_title(target) if "" in rest and target not in seen else ()
            deeper = self.options(target, [*filter(None, rest), *titles], path, seen | {model})
            if name in wanted or deeper or visible is not EVERYTHING:
                # Never joined with a condition: the alias of the join would replace tables in the condition.
                is_joined = self.joined and visible is EVERYTHING and is_of_one(mapper.relationships[name])
                load = joinedload if is_joined else selectinload
                option = load(relation if visible is EVERYTHING else relation.and_(visible))
                options.append(option.options(*deeper))  # type: ignore[arg-type]  # its class is private
        return options

    def _columns(
        self,
        mapper: Mapper[object],
        names: list[str],
        relations: set[str],
        late: list[ORMOption],
        columns: DeferredColumns | None,
    ) -> list[ORMOption]:
        fields, model = self.rights.fields, mapper.class_
        if self.whole:
            return late
        keys = {
            mapper.get_property_by_column(key).key
            for one in relations
            for key in mapper.relationships[one].local_columns
        }
        if columns is None:
            return [*late, *fields.masks(model, keys)]
        return [columns.only(model, names, relations, fields.hidden(model)), *fields.relation_masks(model)]


def leads_to(relation: InstrumentedAttribute[object], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a row is related by `relation` to one that meets `condition`.

    Keys are compared with those of an uncorrelated subquery; the correlated one of `has` and `any` takes SQLite sixty
    times as long.
    """
    mapped: Any = relation.property
    target = mapped.mapper.class_
    if not _is_plain(mapped):
        related: ColumnElement[bool] = relation.any(condition) if mapped.uselist else relation.has(condition)
        return related
    if mapped.secondary is None:
        ((local, remote),) = mapped.local_remote_pairs
        direct: ColumnElement[bool] = local.in_(select(remote).select_from(target).where(condition).correlate(None))
        return direct
    ((local, link),), ((remote, far_link),) = mapped.synchronize_pairs, mapped.secondary_synchronize_pairs
    found = select(remote).select_from(target).where(condition).correlate(None)
    linked: ColumnElement[bool] = local.in_(select(link).where(far_link.in_(found)).correlate(None))
    return linked


def leads_to_identifier(
    relation: InstrumentedAttribute[object], identifier: str, visible: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that a row is related to the object with this identifier, if it is `visible`."""
    mapped: Any = relation.property
    target = mapped.mapper.class_
    values = parse_identifier(target, identifier)
    if values is None:
        return false()
    this = has_identifier(target, identifier)
    known = true() if visible is EVERYTHING else _exists(target, and_(this, visible))
    pairs = mapped.local_remote_pairs
    if _is_plain(mapped) and mapped.direction is MANYTOONE and pairs[0][1] in inspect(target).primary_key:
        return and_(pairs[0][0] == values[0], known)
    return and_(leads_to(relation, this), known)


def is_hidden(obj: object, name: str) -> bool:
    """Return True if an object's relation `name` refers to an object that the user may not view."""
    mapper: Mapper[object] = inspect(obj).mapper
    mapped = mapper.relationships[name]
    if mapped.direction is not MANYTOONE or getattr(obj, name) is not None:
        return False
    keys = [mapper.get_property_by_column(column).key for column in mapped.local_columns]
    return all(getattr(obj, key) is not None for key in keys)


def is_of_one(mapped: RelationshipProperty[object]) -> bool:
    """Return True if the relation leads to at most one object, which is stored in a single table."""
    if mapped.direction is not MANYTOONE or mapped.secondary is not None or not _is_plain(mapped):
        return False
    target = mapped.mapper
    remote = tuple(column for _, column in mapped.local_remote_pairs or ())
    return remote == target.primary_key and target.polymorphic_on is None and target.inherits is None


def _is_alone(mapper: Mapper[object]) -> bool:
    """Return whether rows of a model are always objects of that class, whose `__str__` is known."""
    return mapper.polymorphic_on is None


def _sort_out(mapper: Mapper[object], fields: Iterable[str]) -> tuple[dict[str, list[str]], list[ORMOption]]:
    """Return the relations in `fields`, each with its further paths, and options for deferred columns."""
    wanted: dict[str, list[str]] = {}
    deferred: list[ORMOption] = []
    for field in fields:
        name, _, rest = field.partition(".")
        name, _ = behind_proxy(mapper, name)
        if name in mapper.relationships:
            wanted.setdefault(name, []).append(rest)
        elif name in mapper.column_attrs and mapper.column_attrs[name].deferred:
            deferred.append(undefer(getattr(mapper.class_, name)))
    return wanted, deferred


def _exists(target: type[object], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(1).select_from(target).where(condition).correlate(None))


def _is_plain(mapped: RelationshipProperty[object]) -> bool:
    """Return whether the relation compares one pair of columns, or one on each side of a secondary table."""
    joins = [mapped.primaryjoin] if mapped.secondary is None else [mapped.primaryjoin, mapped.secondaryjoin]
    return all(getattr(join, "operator", None) is operators.eq for join in joins)
