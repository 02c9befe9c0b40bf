"""The values of a new row: those of its body, and `create_defaults` for the fields that it leaves out."""

from collections.abc import Collection, Mapping
from functools import cached_property

from pydantic import MISSING, BaseModel
from sqlalchemy import String, inspect
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.resources.declaration.model_rules import check_enums, enums_of
from dovetail.resources.policy import Recognized
from dovetail.resources.query.keys import unaddressable
from dovetail.resources.schemas.lookups import check_key
from dovetail.resources.spec import MAXIMUM_VIEWERS, Spec
from dovetail.resources.sql.statements import Cache


class NewValues:
    """Computes the values of the new rows of a resource."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._known = Cache(MAXIMUM_VIEWERS)  # a viewer's defaults, by all values that were loaded of the viewer

    def of(self, recognized: Recognized[object], data: BaseModel, known: Mapping[str, object]) -> dict[str, object]:
        """Return the values of a row by attribute; `known` are those that the path gives.

        Raise InvalidInputError for a value that an Enum does not have, or a key that cannot be part of a URL.
        """
        spec = self._spec
        values = data.model_dump(exclude=self._elsewhere)
        if spec.create_defaults:
            left_out = [name for name in spec.create_defaults if not self._is_given(data, name)]
            values |= self._defaults(recognized, left_out) if left_out else {}
        values |= known
        if self._has_enums:
            check_enums(spec.model, values)
        if self._may_be_unaddressable:
            check_address(spec, values)
        return values

    def _is_given(self, data: BaseModel, name: str) -> bool:
        """Return True if a body gives the column's value; null does not count if the column is not nullable."""
        if name not in data.model_fields_set:
            return False
        value = getattr(data, name, MISSING)
        return value is not MISSING and (value is not None or name in self._nullable)

    def _defaults(self, recognized: Recognized[object], names: Collection[str]) -> Mapping[str, object]:
        """Return the defaults of these columns; functions are called each time, since they may depend on anything."""
        values = recognized.values if self._are_columns else None
        if values is None:
            return {name: self._default(recognized.viewer, name) for name in names}
        found: dict[str, object] | None = self._known.get(values)
        if found is None:
            viewer = recognized.viewer
            found = self._known[values] = {name: self._default(viewer, name) for name in self._spec.create_defaults}
        return {name: found[name] for name in names}

    def _default(self, viewer: object, name: str) -> object:
        make = self._spec.create_defaults[name]
        return getattr(viewer, make.key) if isinstance(make, InstrumentedAttribute) else make(viewer)

    @cached_property
    def _are_columns(self) -> bool:
        return all(isinstance(make, InstrumentedAttribute) for make in self._spec.create_defaults.values())

    @cached_property
    def _nullable(self) -> frozenset[str]:
        columns = inspect(self._spec.model).column_attrs
        return frozenset(name for name in self._spec.create_defaults if columns[name].columns[0].nullable)

    @cached_property
    def _elsewhere(self) -> set[str]:
        return {*self._spec.links, *self._spec.nested}

    @cached_property
    def _has_enums(self) -> bool:
        return bool(enums_of(inspect(self._spec.model)))

    @cached_property
    def _may_be_unaddressable(self) -> bool:
        is_text = any(isinstance(getattr(self._spec.model, name).type, String) for name in self._spec.keys)
        return is_text or bool(self._spec.lookup)


def check_address(spec: Spec, values: Mapping[str, object]) -> None:
    """Raise InvalidInputError if the value that identifies the row in URLs cannot be part of one."""
    if spec.lookup in values:
        check_key(spec.lookup, values[spec.lookup], spec.taken_keys)
    elif name := unaddressable(spec.model, values, spec.taken_keys):
        check_key(name, values[name], spec.taken_keys)
