"""Validation of the keys of rows created by PUT, which come from the path, or beside each body of a bulk PUT."""

from collections.abc import Mapping
from functools import cached_property

from pydantic import BaseModel, ValidationError, create_model
from sqlalchemy import inspect

from dovetail.api.problems import body_errors
from dovetail.errors import InvalidInputError
from dovetail.resources.schemas.column_types import sent_type
from dovetail.resources.spec import Spec


class NewKeys:
    """Checks keys as a POST would check the same columns in its body."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def check(self, values: Mapping[str, object]) -> None:
        """Raise InvalidInputError for a value that is too long, blank or out of the column's range."""
        try:
            self._schema.model_validate(values)
        except ValidationError as error:
            raise InvalidInputError(errors=body_errors(error)) from None

    @cached_property
    def _schema(self) -> type[BaseModel]:
        columns = {name: inspect(self._spec.model).column_attrs[name].columns[0] for name in self._spec.known_by}
        fields = {name: (sent_type(column) or object, ...) for name, column in columns.items()}
        return create_model("NewKey", **fields)  # type: ignore[call-overload,no-any-return]  # the names of fields are known at run time
