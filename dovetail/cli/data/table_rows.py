"""A table's rows as JSON and back: every column, as the database keeps it, in one form for every database."""

from copy import copy
from types import GenericAlias
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model
from sqlalchemy import ARRAY, JSON, Column, ColumnElement, Interval, String, Table, type_coerce
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.database.column_types import UTCDateTime

# Bytes as base64, and what JSON has no number for as a text: nothing is silently lost.
CONFIG = ConfigDict(
    extra="forbid",
    ser_json_bytes="base64",
    val_json_bytes="base64",
    ser_json_inf_nan="strings",
    ser_json_timedelta="iso8601",
)


class TableRows:
    """Writes and reads rows of `table`; columns that the database computes are left out."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = {column.name: column for column in table.columns if column.computed is None}
        fields: dict[str, Any] = {
            f"column_{number}": (_annotation(column), Field(default=None, alias=name))
            for number, (name, column) in enumerate(self.columns.items())
        }
        self._model: type[BaseModel] = create_model(table.name, __config__=CONFIG, **fields)
        self._names = dict(zip(fields, self.columns, strict=True))

    def selected(self) -> list[ColumnElement[object]]:
        """Return the columns to select so that `write` can write them."""
        return [type_coerce(column, stored_type(column)).label(name) for name, column in self.columns.items()]

    def write(self, values: tuple[Any, ...]) -> str:
        """A row as JSON. Raises pydantic's PydanticSerializationError for a value that has no form in JSON."""
        row = self._model.model_construct(**dict(zip(self.columns, values, strict=True)))
        return row.model_dump_json(by_alias=True, warnings="error")

    def read(self, row: str) -> dict[str, object]:
        """The values of a row in JSON, of those columns that it has. Raises pydantic's ValidationError."""
        found = self._model.model_validate_json(row)
        return {self._names[field]: getattr(found, field) for field in self._names if field in found.model_fields_set}


def stored_type(column: Column[object]) -> TypeEngine[object]:
    """The type of what the database keeps, below what a plugin's own type makes of it."""
    found: Any = column.type
    while isinstance(found, TypeDecorator) and not isinstance(found, (UTCDateTime, Interval)):
        found = found.impl_instance
    if isinstance(found, JSON) and column.nullable:
        found = copy(found)
        found.none_as_null = True  # NULL, not the null of JSON
    stored: TypeEngine[object] = found
    return stored


def _annotation(column: Column[object]) -> object:
    found = _python_type(stored_type(column))
    return found | None if column.nullable else found


def _python_type(found: TypeEngine[object]) -> Any:
    if isinstance(found, UTCDateTime):
        return AwareDatetime
    if isinstance(found, JSON):
        return Any
    if isinstance(found, ARRAY):
        return GenericAlias(list, (_python_type(found.item_type),))
    try:
        python_type = found.python_type
    except NotImplementedError:
        return Any
    if python_type is str and isinstance(found, String) and found.length:
        return Annotated[str, Field(max_length=found.length)]
    return python_type
