"""The declaration (`Spec`) of rows nested in bodies, and checks that they can be written."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.orm import MANYTOONE

from dovetail.errors import ConfigurationError
from dovetail.resources.policies.closed import Closed
from dovetail.resources.policies.registered import registered_policy
from dovetail.resources.schemas.model_schemas import model_schemas
from dovetail.resources.schemas.nested_fields import behind, is_list, item_schema
from dovetail.resources.spec import Spec


def nested_spec(spec: Spec, name: str, body: type[BaseModel]) -> Spec:
    """Return the declaration of the rows nested in a field of a body, with the policy registered for their model."""
    target = inspect(spec.model).relationships[name].mapper.class_
    item = item_schema(body, name)
    new = None if spec.create is None else item_schema(spec.create, name)
    is_whole = spec.replace is not None and issubclass(body, spec.replace)
    is_new = spec.create is not None and issubclass(body, spec.create)
    return Spec(
        model=target,
        read=_key_schema(target),
        create=item if is_new else new or item,
        update=None if is_whole else item,
        replace=item if is_whole else None,
        policy=registered_policy(target) or Closed(target),
        nested=behind(spec.nested, name),
    )


def check_nested(spec: Spec) -> None:
    """Raise ConfigurationError for nested objects that could not be written."""
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
    """Raise ConfigurationError for a relation that does not refer to a primary key, and for wrong schemas."""
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


@lru_cache(maxsize=256)  # every application of a process, and each of its bodies, has the same models nested
def _key_schema(model: type[object]) -> type[BaseModel]:
    return model_schemas(model, ()).read


def _column(model: type[object], name: str) -> object:
    found: Mapping[str, object] = {one.key: one.columns[0] for one in inspect(model).column_attrs}
    return found.get(name)
