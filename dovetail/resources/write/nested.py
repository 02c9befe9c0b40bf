"""Objects in a body that are rows of their own: made, changed and removed with the row that they belong to.

    Resource(model=Order, fields=("number", "lines.id", "lines.amount"), nested=("lines",), policy=ORDERS)

What a body names is all that there is to be: an object with the key of one that is there changes it, one without is
new, and what is left out goes. Policies of the models are asked as if each row had a request of its own, and what the
viewer may not see stays as it is. `nested_rows.py` writes the rows of one relation.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import MISSING, BaseModel
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE

from dovetail.errors import ConfigurationError
from dovetail.resources.policies.closed import Closed
from dovetail.resources.policies.registered import registered_policy
from dovetail.resources.schemas.model_schemas import model_schemas
from dovetail.resources.schemas.nested_fields import behind, is_list, item_schema
from dovetail.resources.spec import Spec
from dovetail.resources.write.nested_rows import NestedRelation, RowWriter, Values


@dataclass
class Targets:
    """The values of rows that refer to others, and the numbers of the rows whose others have changed."""

    values: list[Values]
    touched: set[int] = field(default_factory=set)


class NestedRows:
    """Writes the rows that stand within the bodies of a resource."""

    def __init__(self, spec: Spec, make_writer: Callable[[Spec], RowWriter]) -> None:
        self._spec = spec
        self._make_writer = make_writer
        self._relations: dict[tuple[str, type[BaseModel]], NestedRelation] = {}

    def are_named(self, bodies: Sequence[BaseModel]) -> bool:
        """Return True if one of the bodies holds such objects, or says that there are to be none."""
        return any(getattr(body, name, MISSING) is not MISSING for name in self._names for body in bodies)

    async def write_targets(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[BaseModel, object | None]]
    ) -> Targets:
        """Write the rows that others refer to, whose keys become values of those; with each body comes its row."""
        found = Targets([{} for _ in rows])
        for relation, numbers in self._named([body for body, _ in rows], is_target=True):
            written = await relation.write_targets(session, viewer, [rows[number] for number in numbers])
            for number, (values, is_touched) in zip(numbers, written, strict=True):
                found.values[number] = {**found.values[number], **values}
                if is_touched:
                    found.touched.add(number)
        return found

    async def write_parts(
        self, session: AsyncSession, viewer: object, rows: Sequence[tuple[Hashable, BaseModel, bool]]
    ) -> set[Hashable]:
        """Write the rows that refer to others, of which come the key, the body, and whether they are new.

        Return the keys of those of which something has changed.
        """
        touched: set[Hashable] = set()
        for relation, numbers in self._named([body for _, body, _ in rows], is_target=False):
            touched |= await relation.write_parts(session, viewer, [rows[number] for number in numbers])
        return touched

    def _named(self, bodies: Sequence[BaseModel], *, is_target: bool) -> Iterator[tuple[NestedRelation, list[int]]]:
        """Yield each relation whose objects stand in bodies, with the numbers of these."""
        for name in self._names:
            if (inspect(self._spec.model).relationships[name].direction is MANYTOONE) is not is_target:
                continue
            numbers = [number for number, one in enumerate(bodies) if getattr(one, name, MISSING) is not MISSING]
            if numbers:
                yield self._relation(name, type(bodies[numbers[0]])), numbers

    def _relation(self, name: str, body: type[BaseModel]) -> NestedRelation:
        place = (name, body)
        if place not in self._relations:
            spec = nested_spec(self._spec, name, body)
            self._relations[place] = NestedRelation(self._spec, name, self._make_writer(spec))
        return self._relations[place]

    @cached_property
    def _names(self) -> Sequence[str]:
        return [name for name in self._spec.nested if "." not in name]


def nested_spec(spec: Spec, name: str, body: type[BaseModel]) -> Spec:
    """Return the declaration of the rows within a field of a body, with the policy that is registered for them."""
    target = inspect(spec.model).relationships[name].mapper.class_
    item = item_schema(body, name)
    new = None if spec.create is None else item_schema(spec.create, name)
    is_whole = spec.replace is not None and issubclass(body, spec.replace)
    is_new = spec.create is not None and issubclass(body, spec.create)
    return Spec(
        model=target,
        read=model_schemas(target, ()).read,
        create=item if is_new else new or item,
        update=None if is_whole else item,
        replace=item if is_whole else None,
        policy=registered_policy(target) or Closed(target),
        nested=behind(spec.nested, name),
    )


def check_nested(spec: Spec) -> None:
    """Raise ConfigurationError, in one line, for nested objects that could not be written."""
    relations = inspect(spec.model).relationships
    for name in spec.nested:
        first, dot, _ = name.partition(".")
        if first not in relations:
            raise ConfigurationError(
                f"{spec.singular}: nested names {name!r}, expected a relation of {spec.model.__name__}: "
                f"{', '.join(sorted(relations.keys())) or 'there is none'}"
            )
        if dot and first not in spec.nested:
            raise ConfigurationError(f"{spec.singular}: nested names {name!r} and not {first!r}, which it stands in")
        if not dot:
            _check_relation(spec, name)


def _check_relation(spec: Spec, name: str) -> None:
    """Raise ConfigurationError for a relation that leads elsewhere than from key to key, and for wrong schemas."""
    mapped, model = inspect(spec.model).relationships[name], spec.model.__name__
    if mapped.secondary is not None or mapped.viewonly:
        kind = "many-to-many; name it in links" if mapped.secondary is not None else "viewonly"
        raise ConfigurationError(f"{spec.singular}: nested names {name!r}, and {model}.{name} is {kind}")
    remote, local = mapped.mapper.class_, [pair[0] for pair in mapped.local_remote_pairs]
    far = [pair[1] for pair in mapped.local_remote_pairs]
    is_target = mapped.direction is MANYTOONE
    keys, found = (inspect(remote).primary_key, far) if is_target else (inspect(spec.model).primary_key, local)
    if set(keys) != set(found):
        raise ConfigurationError(f"{spec.singular}: nested names {name!r}, which does not refer to the primary key")
    schemas = [one for one in (spec.create, spec.update, spec.replace) if one is not None and name in one.model_fields]
    if not schemas:
        raise ConfigurationError(f"{spec.singular}: nested names {name!r}, which no schema of a body has")
    for schema in schemas:
        _check_schema(spec, name, schema, set(local) if is_target else ())


def _check_schema(spec: Spec, name: str, schema: type[BaseModel], taken: Collection[object]) -> None:
    mapped, item = inspect(spec.model).relationships[name], item_schema(schema, name)
    if item is None or is_list(schema, name) is not mapped.uselist:
        expected = "a list of a schema" if mapped.uselist else "a schema"
        raise ConfigurationError(f"{schema.__name__}.{name} holds rows of a relation, expected {expected}")
    twice = [one for one in schema.model_fields if _column(spec.model, one) in taken]
    if twice:
        raise ConfigurationError(f"{schema.__name__} has {twice[0]} and {name}, which is written there; leave one out")
    inner = nested_spec(spec, name, schema)
    columns = inspect(inner.model).column_attrs.keys()
    given = {one for one in inner.nested if "." not in one}
    if strangers := [one for one in item.model_fields if one not in columns and one not in given]:
        raise ConfigurationError(
            f"{item.__name__}.{strangers[0]} is not a column of {inner.model.__name__}; expected some of "
            f"{', '.join(sorted(columns))}, or nested has to name '{name}.{strangers[0]}'"
        )
    given_keys = [one for one in item.model_fields if _column(inner.model, one) in mapped.remote_side]
    if given_keys and mapped.direction is not MANYTOONE:
        raise ConfigurationError(
            f"{item.__name__} has {given_keys[0]}, which the row around it gives to its {name}; leave it out"
        )
    check_nested(inner)


def _column(model: type[object], name: str) -> object:
    found: Mapping[str, object] = {one.key: one.columns[0] for one in inspect(model).column_attrs}
    return found.get(name)
