"""Write values in exports so that an import can read them again: stored texts, lists and JSON."""

import json
from collections.abc import Callable
from functools import partial
from typing import cast

from sqlalchemy import ARRAY, JSON
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange, MultiRange
from sqlalchemy.types import TypeEngine

from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.columns.stored_texts import stored_text
from dovetail.contrib.admin.exporting.csv_cells import as_plain_text
from dovetail.database.engine.ranges import write_range
from dovetail.resources.schemas.values.text_forms import text_form


def exported_as(kind: TypeEngine[object], *, keeps_structure: bool) -> Callable[[object], object] | None:
    """Return the function that converts a column's values so that the file can be imported; None for no conversion.

    Values that are stored as texts are exported as these: a country as its code, not its name. In formats without
    lists, lists and JSON become JSON, which distinguishes `["a, b"]` from `["a", "b"]`.
    """
    if isinstance(kind, AbstractMultiRange):
        return _as_ranges if keeps_structure else lambda value: _as_json(_as_ranges(value))
    if isinstance(bare(kind), JSON | ARRAY) or type(kind).__name__ == "JSONType":
        return _items_of(kind) if keeps_structure else _as_json
    text = stored_text(kind) or text_form(kind)
    return None if text is None else text.write


def _items_of(kind: TypeEngine[object]) -> Callable[[object], object] | None:
    """Return the conversion of a list whose items are stored as texts, such as ranges; None for other lists."""
    items = getattr(bare(kind), "item_type", None)
    text = None if items is None else stored_text(items) or text_form(items)
    return None if text is None else partial(_each, text.write)


def _each(write: Callable[[object], object], value: object) -> object:
    if isinstance(value, list | tuple):
        return [_each(write, one) for one in value]
    return None if value is None else write(value)


def _as_ranges(value: object) -> list[str]:
    return [write_range(one) for one in cast("MultiRange[object]", value)]


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=as_plain_text)
