"""INSERT ... ON CONFLICT DO UPDATE, as `loaddata` has it: only a look before tells what was made and what changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import orjson
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Text,
    and_,
    cast,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.types import TypeEngine

from dovetail.contrib.history.differences import REDACTED
from dovetail.contrib.history.models import ChangeAction
from dovetail.contrib.history.recording.json_rows import current_transaction, json_row
from dovetail.contrib.history.recording.lines import LOG, PLACEHOLDER, object_key
from dovetail.contrib.history.recording.origin import origin_values
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.database.drivers.sqlalchemy_private_statements import names_many_rows, values_to_set
from dovetail.errors import DovetailError

Row: TypeAlias = Mapping[str, object]  # the values of its fields, as in JSON
Key: TypeAlias = tuple[str, str]  # the primary key of a row, and that of the object of which it tells
MOST = 500  # rows of one look


@dataclass(frozen=True)
class Upsert:
    """The rows that an INSERT may make or change, as they were before."""

    table: RecordedTable
    chosen: Sequence[ColumnElement[bool]]
    before: Mapping[Key, Row]

    @classmethod
    def begin(
        cls,
        connection: Connection,
        table: RecordedTable,
        statement: Insert,
        parameters: Sequence[Mapping[str, object]],
        targets: Sequence[str],
    ) -> "Upsert":
        """Look at the rows that have the unique values of those that are inserted. Raises DovetailError."""
        columns = [table.table.columns[name] for name in targets if name in table.table.columns]
        if not columns or len(columns) < len(targets) or names_many_rows(statement):
            raise DovetailError(
                f"The history of {table.table.name} cannot tell which rows this INSERT ... ON CONFLICT DO UPDATE "
                "changes; name columns in `index_elements`, and hand the rows over as parameters."
            )
        values = [_values(statement, columns, row) for row in parameters]
        chosen = [_have(columns, values[start : start + MOST]) for start in range(0, len(values), MOST)]
        return cls(table, chosen, look(connection, table, chosen, is_locked=True))

    def write(self, connection: Connection) -> None:
        """Write a line for each row that is another now."""
        origin = {name.removeprefix(PLACEHOLDER): value for name, value in origin_values().items()}
        rows = []
        for key, after in look(connection, self.table, self.chosen).items():
            before = self.before.get(key)
            known = self.table.written([column.key for column in self.table.fields.values()])
            names = list(after) if before is None else [name for name in known if before[name] != after[name]]
            if not names:
                continue
            is_change = before is not None or self.table.is_link
            rows.append(
                origin
                | {
                    "action": ChangeAction.CHANGE if is_change else ChangeAction.ADD,
                    "model": self.table.label,
                    "object_key": key[1],
                    "before": {} if before is None else self._told(before, names),
                    "after": self._told(after, names),
                }
            )
        if rows:
            connection.execute(insert(LOG).values(transaction=current_transaction()), rows)

    def _told(self, row: Row, names: Iterable[str]) -> dict[str, object]:
        return {name: REDACTED if name in self.table.secrets else row[name] for name in names}


def look(
    connection: Connection,
    table: RecordedTable,
    chosen: Sequence[ColumnElement[bool]],
    *,
    is_locked: bool = False,
    may_go: bool = False,
    loads: Callable[[str], Row] = orjson.loads,
) -> dict[Key, Row]:
    """Return the rows that each of the conditions chooses, by their keys; `is_locked` until the transaction ends.

    To those that `may_go` nothing new refers until then, either.
    """
    own = object_key(list(table.table.primary_key.columns))
    named = object_key(table.keys)
    looked = select(own, named, cast(json_row(dict(table.fields)), Text)).order_by(own)  # no driver has read it yet
    if is_locked:  # on SQLite there is one writer at a time, and nothing to lock
        looked = looked.with_for_update(key_share=not may_go)
    found: dict[Key, Row] = {}
    for condition in chosen:
        for key, name, text in connection.execute(looked.where(condition)):
            found[key, name] = loads(text)
    return found


def _values(statement: Insert, columns: Sequence[Column[object]], row: Mapping[str, object]) -> tuple[object, ...]:
    named: dict[str, object] = {
        key if isinstance(key, str) else str(getattr(key, "key", "")): value
        for key, value in values_to_set(statement).items()
    }

    def value_of(column: Column[object]) -> object:
        value = named.get(column.key, row.get(column.key))
        kind: TypeEngine[object] = column.type
        if isinstance(value, BindParameter):
            kind = value.type
            value = row.get(value.key) if value.required else value.effective_value
        return literal(value, kind)

    return tuple(value_of(column) for column in columns)


def _have(columns: Sequence[Column[object]], values: Sequence[tuple[object, ...]]) -> ColumnElement[bool]:
    if len(columns) == 1:
        return columns[0].in_([value[0] for value in values])
    # The values have types of their own, which IN of tuples does not take on SQLite.
    rows = [and_(*(column == value for column, value in zip(columns, row, strict=True))) for row in values]
    return or_(*rows)
