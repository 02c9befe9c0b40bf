"""A table's rows as JSON and back: every column, as the database keeps it, in one form for every database."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic_core import PydanticSerializationError
from sqlalchemy import ColumnElement, Dialect, Table

from dovetail.cli.data import exact_json
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
        self._json = [name for name, form in self.forms.items() if form.is_json]
        self._start = f'{{"table": {json.dumps(table.key, ensure_ascii=False)}, "row": '

    def selected(self) -> Iterator[ColumnElement[Any]]:
        """Yield what to select so that `write` can write it."""
        for name, form in self.forms.items():
            yield form.selected().label(name)

    def write(self, values: Sequence[object]) -> str:
        """Return a row as a record in JSON. Raise ValueError for a value that is none of its column's."""
        by_name = dict(zip(self.columns, values, strict=True))
        places = [name for name in self._json if by_name[name] is not None]
        texts = [self._written(name, by_name[name]) for name in places]
        by_name |= {name: exact_json.place(number) for number, name in enumerate(places)}
        row = self._model.model_construct(**by_name)  # type: ignore[arg-type]  # of names that are known at run time
        try:
            written = row.model_dump_json(by_alias=True, warnings="error")
        except PydanticSerializationError as error:
            raise ValueError(self._message(error)) from None
        found = zip(places, texts, strict=True)
        nulls = [name for name, text in found if text == "null" and self.columns[name].nullable]
        told = f', "json_null": {json.dumps(nulls, ensure_ascii=False)}' if nulls else ""
        return f"{self._start}{exact_json.filled_in(written, texts)}{told}}}"

    def read(self, record: Record) -> dict[str, object]:
        """Return the values of those columns that a record has. Raise pydantic's ValidationError."""
        row = exact_json.loads(record.row) if self._json else {}
        texts = {name: self._read_json(record, name, row[name]) for name in self._json if name in row}
        found = self._model.model_validate_json(exact_json.dumps(row | dict.fromkeys(texts)) if texts else record.row)
        values = {self._names[name]: getattr(found, name) for name in self._names if name in found.model_fields_set}
        return values | texts

    def _read_json(self, record: Record, name: str, value: object) -> str | None:
        is_null = value is None and self.columns[name].nullable and name not in record.json_null
        return None if is_null else exact_json.dumps(value)

    def _written(self, name: str, value: object) -> str:
        try:
            return exact_json.written(value)
        except ValueError as error:
            raise ValueError(f"{name!r} holds no JSON: {error}") from None

    def _message(self, error: PydanticSerializationError) -> str:
        told = " ".join(str(error).split())
        for field, name in self._names.items():
            told = told.replace(f"'{field}'", repr(name))
        return told
