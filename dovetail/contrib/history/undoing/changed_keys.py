"""Read from lines what the primary keys of objects are, and what they were changed to."""

from collections.abc import Iterable, Mapping
from json import loads

from sqlalchemy import Boolean, Column, Integer

from dovetail.contrib.history.exact_numbers import json_of
from dovetail.contrib.history.recording.json_rows import bare
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.resources.query.keys import split_key, write_key


def key_fields(table: RecordedTable) -> dict[str, Column[object]]:
    """Return the columns of the primary key by field name."""
    return {name: column for name, column in table.fields.items() if column in table.keys}


def changed_keys(table: RecordedTable, before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return the new values of the columns of the primary key that a change has changed, by column key."""
    fields = key_fields(table).items()
    return {one.key: after[name] for name, one in fields if name in after and after[name] != before.get(name)}


def key_after(table: RecordedTable, text: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return the text of the key that an object has after a change; `text` is that of the key before it."""
    moved = changed_keys(table, before, after)
    key = {**key_values(table, text), **moved} if moved else {}
    return key_text(key[column.key] for column in table.keys) if moved else text


def key_values(table: RecordedTable, text: str) -> dict[str, object]:
    """Return the values of a key by column key, from its text in a line."""
    parts = [text] if len(table.keys) == 1 else split_key(text)
    pairs = zip(table.keys, parts, strict=True)
    return {
        column.key: loads(part) if isinstance(bare(column.type), Integer | Boolean) else part for column, part in pairs
    }


def key_text(values: Iterable[object]) -> str:
    """Return the text of a key, as lines have it, from its values as in JSON."""
    return write_key([value if isinstance(value, str) else json_of(value) for value in values])
