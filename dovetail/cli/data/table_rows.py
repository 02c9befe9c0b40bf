"""A table's rows as JSON and back: every column, as the database keeps it, in one form for every database."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic_core import PydanticSerializationError
from sqlalchemy import JSON, ColumnElement, Dialect, Table

from dovetail.cli.data.dump_files import Record
from dovetail.cli.data.stored_forms import form_of

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

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self.table = table
        self.columns = {one.name: one for one in table.columns if one.computed is None and not one.system}
        self.forms = {name: form_of(column, dialect) for name, column in self.columns.items()}
        fields: dict[str, Any] = {
            f"column_{number}": (form.annotation, Field(default=None, alias=name))
            for number, (name, form) in enumerate(self.forms.items())
        }
        self._model: type[BaseModel] = create_model(table.name, __config__=CONFIG, **fields)
        self._names = dict(zip(fields, self.columns, strict=True))
        self._json = [name for name, form in self.forms.items() if form.has_json_null]
        self._start = f'{{"table": {json.dumps(table.key, ensure_ascii=False)}, "row": '

    def selected(self) -> Iterator[ColumnElement[Any]]:
        """Yield what to select so that `write` can write it."""
        for name, form in self.forms.items():
            yield form.selected().label(name)
        for name in self._json:
            yield self.columns[name].is_not(None)

    def write(self, values: Sequence[object]) -> str:
        """Return a row as a record in JSON. Raise ValueError for a value that is none of its column's."""
        by_name = dict(zip(self.columns, values, strict=False))  # behind them, whether those in JSON are there
        row = self._model.model_construct(**by_name)  # type: ignore[arg-type]  # of names that are known at run time
        try:
            written = row.model_dump_json(by_alias=True, warnings="error")
        except PydanticSerializationError as error:
            raise ValueError(self._message(error)) from None
        there = zip(self._json, values[len(self.columns) :], strict=True)
        nulls = [name for name, is_there in there if is_there and by_name[name] is None]
        told = f', "json_null": {json.dumps(nulls, ensure_ascii=False)}' if nulls else ""
        return f"{self._start}{written}{told}}}"

    def read(self, record: Record) -> dict[str, object]:
        """Return the values of those columns that a record has. Raise pydantic's ValidationError."""
        found = self._model.model_validate_json(record.row)
        values = {self._names[name]: getattr(found, name) for name in self._names if name in found.model_fields_set}
        return values | dict.fromkeys((name for name in record.json_null if name in self._json), JSON.NULL)

    def _message(self, error: PydanticSerializationError) -> str:
        told = " ".join(str(error).split())
        for field, name in self._names.items():
            told = told.replace(f"'{field}'", repr(name))
        return told
