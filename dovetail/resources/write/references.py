"""Foreign keys in a body: a key of a row that the viewer may not view is refused like one that does not exist.

The policy of the other row's model decides, unless `Policy.related` says otherwise for the relation. If the viewer may
view all its rows, nothing is queried; otherwise there is one SELECT for each field that holds keys.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from pydantic import MISSING, BaseModel
from sqlalchemy import Column, ColumnElement, ForeignKeyConstraint, Select, Table, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from dovetail.database.error_translation import BROKEN_REFERENCE
from dovetail.errors import ConflictError, FieldError, InvalidInputError
from dovetail.resources.conditions import is_always
from dovetail.resources.declaration.declared import VIEW, Create, Model, Replace, Update, Viewer
from dovetail.resources.policies.registered import registered_policy
from dovetail.resources.policy import Policy, Recognized, remembers_viewers
from dovetail.resources.query.keys import among, key_from
from dovetail.resources.spec import MAXIMUM_VIEWERS, Spec
from dovetail.resources.sql.statements import Cache
from dovetail.resources.write.links import Links, LinksOfRow, find_links, keys_of, named


@dataclass(frozen=True)
class Reference:
    """Fields that hold a key of another table, and the policy of that table's model."""

    fields: tuple[str, ...]
    relation: str | None  # the relation over the same columns, if there is one
    keys: tuple[Column[object], ...]
    policy: Policy

    def named_by(self, body: BaseModel, item: object, *, is_told: bool) -> Iterator[Hashable]:
        """Yield the key that a body gives for `item`, None for a new row; if `is_told`, only if it changes the row."""
        given = [getattr(body, name, MISSING) for name in self.fields]
        if all(value is MISSING for value in given) or (item is None and MISSING in given):
            return
        current = [MISSING if item is None else getattr(item, name) for name in self.fields]
        values = [old if new is MISSING else new for old, new in zip(current, given, strict=True)]
        if None not in values and not (is_told and values == current):
            yield key_from(values)


class References(Generic[Model, Viewer, Create, Update, Replace]):
    """Checks the foreign keys and links in the bodies of a resource."""

    def __init__(self, spec: Spec[Model, Viewer, Create, Update, Replace]) -> None:
        self._spec = spec
        self._known = Cache(MAXIMUM_VIEWERS)  # by the viewer's values: the fields to check

    async def check(
        self, session: AsyncSession, viewer: Viewer, data: Iterable[tuple[BaseModel, Model | None]]
    ) -> None:
        """Raise ConflictError for a key of a row that the viewer may not view, as for one that does not exist.

        Each body comes with the row that it changes, or None. A key that stays the same is not checked if the viewer
        may read the field. If not, it is: otherwise a correct guess would succeed and so reveal the key.
        """
        if not self._keys:
            return
        pairs = list(data)
        hidden = self._spec.policy.hidden(viewer)
        for one in self._keys:
            is_told = self._shown_fields.issuperset(one.fields) and hidden.isdisjoint(one.fields)
            wanted = {key for body, item in pairs for key in one.named_by(body, item, is_told=is_told)}
            if wanted and await self._hidden(session, viewer, one, wanted):
                raise ConflictError(BROKEN_REFERENCE, errors=_errors(one) if len(pairs) == 1 else ())

    async def check_links(
        self, session: AsyncSession, viewer: Viewer, items: Sequence[BaseModel], found: Links
    ) -> None:
        """Raise InvalidInputError if a body links a row that the viewer may not view.

        `found` is the result of `find_links` for the bodies of `items`.
        """
        for one in self._linked:
            (field,) = one.fields
            given = {name for item in items for name in named(item, field) or ()}
            names = {key: name for name, key in found[field].items() if name in given and isinstance(key, Hashable)}
            hidden = await self._hidden(session, viewer, one, set(names)) if names else set()
            if hidden:
                errors = [
                    FieldError(pointer=f"/{field}", detail=f"There is no {names[key]}.", type="unknown")
                    for key in sorted(hidden, key=str)
                ]
                raise InvalidInputError(errors[0].detail, errors=errors)

    async def links_of(
        self, session: AsyncSession, viewer: Viewer, items: Sequence[BaseModel], found: Links | None
    ) -> list[LinksOfRow]:
        """Return the keys of the rows that each body links, by field. Raise as `check_links` does.

        `found` is the result of `find_links`, if the caller has it already.
        """
        if not any(getattr(data, name, None) not in (None, MISSING) for name in self._spec.links for data in items):
            return [{} for _ in items]
        known = await find_links(self._spec.finders, session, items) if found is None else found
        await self.check_links(session, viewer, items, known)
        return [keys_of(data, known) for data in items]

    def need_no_check(self, recognized: Recognized[Viewer], data: BaseModel) -> bool:
        """Return True if a body for a new row names no rows that have to be checked."""
        fields = self._fields_to_check(recognized)
        return not fields or all(_names_nothing(getattr(data, name, None)) for name in fields)

    def _fields_to_check(self, recognized: Recognized[Viewer]) -> frozenset[str]:
        """Return the fields that refer to models of which the viewer may not view all rows."""
        values = self._spec.remembered_by(recognized) if self._remembers_viewers else None
        if values is None:
            return self._limited_fields(recognized.viewer)
        found: frozenset[str] | None = self._known.get(values)
        if found is None:
            found = self._known[values] = self._limited_fields(recognized.viewer)
        return found

    def _limited_fields(self, viewer: Viewer) -> frozenset[str]:
        limited = (one for one in (*self._keys, *self._linked) if not is_always(self._condition(viewer, one)))
        return frozenset(name for one in limited for name in one.fields)

    @cached_property
    def _remembers_viewers(self) -> bool:
        return all(remembers_viewers(one.policy) for one in (*self._keys, *self._linked))

    def visible_links(self, viewer: Viewer) -> Mapping[str, Select[object]]:
        """Return by field a SELECT of the keys that the viewer may view, for the links where that is not all of them.

        An update leaves links to the other rows as they are, though its list does not name them.
        """
        found = {one: self._condition(viewer, one) for one in self._linked}
        return {
            one.fields[0]: select(one.keys[0]).where(condition)
            for one, condition in found.items()
            if not is_always(condition)
        }

    async def _hidden(
        self, session: AsyncSession, viewer: Viewer, reference: Reference, wanted: set[Hashable]
    ) -> set[Hashable]:
        """Return the keys of rows that the viewer may not view or that do not exist."""
        condition = self._condition(viewer, reference)
        if is_always(condition):
            return set()
        statement = select(*reference.keys).where(among(reference.keys, sorted(wanted, key=str)), condition)
        return wanted - {key_from(row) for row in await session.execute(statement)}

    def _condition(self, viewer: Viewer, reference: Reference) -> ColumnElement[bool]:
        own = self._spec.policy.related(viewer)
        shown = None if reference.relation is None else own.get(reference.relation)
        return reference.policy.where(viewer, VIEW) if shown is None else shown

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that `check` looks at."""
        return frozenset(name for one in self._keys for name in one.fields)

    @cached_property
    def _keys(self) -> Sequence[Reference]:
        """The foreign keys in bodies that refer to models with policies."""
        spec = self._spec
        schemas = [schema for schema in (spec.create, spec.update, spec.replace) if schema is not None]
        names = {name for schema in schemas for name in schema.model_fields}
        return [one for one in _references(spec.model) if not names.isdisjoint(one.fields)]

    @cached_property
    def _shown_fields(self) -> frozenset[str]:
        """The fields that responses show."""
        return frozenset(self._spec.reader.node.names())

    @cached_property
    def _linked(self) -> Sequence[Reference]:
        """The many-to-many relations in bodies whose target models have policies."""
        relations = inspect(self._spec.model).relationships
        found = []
        for name in self._spec.links:
            target = relations[name].mapper
            policy = registered_policy(target.class_)
            if policy is not None:
                ((remote, _),) = relations[name].secondary_synchronize_pairs
                found.append(Reference((name,), name, (remote,), policy))
        return found


def _errors(reference: Reference) -> list[FieldError]:
    return [FieldError(pointer=f"/{name}", detail=BROKEN_REFERENCE, type="unknown") for name in reference.fields]


def _names_nothing(value: object) -> bool:
    return value is None or value is MISSING or value == []


def _references(model: type[object]) -> Iterator[Reference]:
    """Yield the model's foreign keys that refer to models with policies."""
    mapper: Mapper[object] = inspect(model)
    attributes = {one.columns[0]: one.key for one in mapper.column_attrs}
    tables = [table for table in mapper.tables if isinstance(table, Table)]
    for constraint in sorted((one for table in tables for one in table.foreign_key_constraints), key=_sort_key):
        own = [element.parent for element in constraint.elements]
        if not attributes.keys() >= set(own):
            continue
        keys = tuple(element.column for element in constraint.elements)
        relation = next((one for one in mapper.relationships if set(one.local_columns) == set(own)), None)
        target = relation.mapper.class_ if relation is not None else _model_of(mapper.registry.mappers, keys[0])
        policy = None if target is None else registered_policy(target)
        if policy is not None:
            name = None if relation is None else relation.key
            yield Reference(tuple(attributes[column] for column in own), name, keys, policy)


def _sort_key(constraint: ForeignKeyConstraint) -> list[str]:
    """Return the names of the constraint's columns, so that the order of constraints is always the same."""
    return [str(element.parent) for element in constraint.elements]


def _model_of(mappers: Iterable[object], key: Column[object]) -> type[object] | None:
    tables = {mapper.local_table: mapper.class_ for mapper in map(inspect, mappers) if mapper.inherits is None}
    return tables.get(key.table)
