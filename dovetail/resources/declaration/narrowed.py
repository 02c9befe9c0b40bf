"""The schemas of bodies as their columns let them be: within the limits of each, and with the values that it needs."""

from functools import cache, partial

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.resources.declaration.declared import Declared
from dovetail.resources.declaration.model_rules import may_fill
from dovetail.resources.declaration.required_fields import with_values
from dovetail.resources.policy import Policy
from dovetail.resources.schemas.column_limits import within_columns
from dovetail.resources.schemas.nested_fields import behind, with_items
from dovetail.resources.schemas.nested_models import nested_within_columns


def narrow_bodies(spec: Declared) -> None:
    """Put in the place of each schema of a body one that takes no more than the columns of the same names."""
    named = {name: find.type for name, find in spec.links.items() if isinstance(find, InstrumentedAttribute)}
    hooks = {"create": spec.create_with, "update": spec.update_with, "replace": spec.update_with}
    for name, hook in hooks.items():
        schema: type[BaseModel] | None = getattr(spec, name)
        if schema is None:
            continue
        is_new, nested = name == "create", tuple(spec.nested)
        if hook is None and may_fill(spec.model) is None:
            given = frozenset(spec.create_defaults) if is_new else frozenset[str]()
            is_whole = name == "replace" and _is_open(spec)
            schema = with_values(schema, spec.model, given, is_new=is_new, is_whole=is_whole)
        schema = _nested_with_values(schema, spec.model, nested, is_new=is_new)
        limited = within_columns(schema, spec.model, named)
        object.__setattr__(spec, name, nested_within_columns(limited, spec.model, nested))


def _is_open(spec: Declared) -> bool:
    """Return True if everybody has to send all fields; those that a viewer may not write stay as they are."""
    return all(getattr(type(spec.policy), hook) is getattr(Policy, hook) for hook in ("read_only", "hidden"))


def _nested_with_values(
    schema: type[BaseModel], model: type[object], nested: tuple[str, ...], *, is_new: bool
) -> type[BaseModel]:
    relations = inspect(model).relationships
    targets = {name: relations[name].mapper.class_ for name in nested if "." not in name}
    return with_items(
        schema,
        {
            name: partial(_item_with_values, model=target, nested=behind(nested, name), is_new=is_new)
            for name, target in targets.items()
        },
    )


@cache  # so that bodies that hold one schema hold one afterwards
def _item_with_values(
    item: type[BaseModel], model: type[object], nested: tuple[str, ...], *, is_new: bool
) -> type[BaseModel]:
    found = (
        item if may_fill(model) is not None else with_values(item, model, frozenset(), is_new=is_new, is_whole=False)
    )
    return _nested_with_values(found, model, nested, is_new=is_new)
