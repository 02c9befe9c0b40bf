"""The values of a new row: those of its body, and of what it leaves out those that hang on who makes the row."""

from collections.abc import Mapping

from pydantic import MISSING, BaseModel
from sqlalchemy import inspect

from dovetail.resources.declaration.model_rules import check_enums
from dovetail.resources.policy import Recognized
from dovetail.resources.query.keys import unaddressable
from dovetail.resources.schemas.lookups import check_key
from dovetail.resources.spec import Spec


def values_of_new(
    spec: Spec, recognized: Recognized[object], data: BaseModel, known: Mapping[str, object]
) -> dict[str, object]:
    """Return the values of a row by attribute; `known` are those that its path says.

    Raises InvalidInputError for a member that an Enum does not have, and for what cannot stand in an address.
    """
    values = data.model_dump(exclude={*spec.links, *spec.nested})
    if spec.create_defaults:
        values |= _default_values(spec, recognized.viewer, data)
    values |= known
    check_enums(spec.model, values)
    check_address(spec, values)
    return values


def check_address(spec: Spec, values: Mapping[str, object]) -> None:
    """Raise InvalidInputError if a row would be known by what cannot stand in its address."""
    if spec.lookup in values:
        check_key(spec.lookup, values[spec.lookup], spec.taken_keys)
    elif name := unaddressable(spec.model, values, spec.taken_keys):
        check_key(name, values[name], spec.taken_keys)


def _default_values(spec: Spec, viewer: object, data: BaseModel) -> dict[str, object]:
    """Return the values of the columns that a body leaves out and that have a default."""
    columns = inspect(spec.model).column_attrs
    return {
        name: make(viewer)
        for name, make in spec.create_defaults.items()
        if not _is_given(data, name, is_nullable=columns[name].columns[0].nullable)
    }


def _is_given(data: BaseModel, name: str, *, is_nullable: bool) -> bool:
    """Return True if a body says what a column is to hold; null is nothing that one holds which is never null."""
    if name not in data.model_fields_set:
        return False
    value = getattr(data, name, MISSING)
    return value is not MISSING and (is_nullable or value is not None)
