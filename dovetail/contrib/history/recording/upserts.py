"""Record INSERT ... ON CONFLICT DO UPDATE, which `loaddata` uses.

Only the state before the statement shows which rows it inserts and which it updates, so the rows are read twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

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

from dovetail.contrib.history.exact_numbers import read_snapshot
from dovetail.contrib.history.models import ChangeAction
from dovetail.contrib.history.recording.json_rows import current_transaction, json_row
from dovetail.contrib.history.recording.lines import LOG, PLACEHOLDER, object_key
from dovetail.contrib.history.recording.origin import origin_values
from dovetail.contrib.history.recording.recorded import REDACTED, RecordedTable
from dovetail.database.drivers.sqlalchemy_private_statements import names_many_rows, values_to_set
from dovetail.errors import DovetailError

Row: TypeAlias = Mapping[str, object]  # the values of a row's fields, as in JSON
Key: TypeAlias = tuple[str, str]  # (primary key of a row, key of the object that it belongs to)
MAX_ROWS = 500  # rows read by one SELECT


@dataclass(frozen=True)
class Upsert:
    """The rows that an INSERT may insert or update, with their values before it."""

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
        """Read the rows that conflict with the inserted ones. Raise DovetailError if they cannot be determined."""
        columns = [table.table.columns[name] for name in targets if name in table.table.columns]
        if not columns or len(columns) < len(targets) or names_many_rows(statement):
            raise DovetailError(
                f"The history of {table.table.name} cannot determine which rows this INSERT ... ON CONFLICT DO UPDATE "
                "changes; name columns in `index_elements`, and pass the rows as parameters."
            )
        values = [_values(statement, columns, row) for row in parameters]
        chosen = [_have(columns, values[start : start + MAX_ROWS]) for start in range(0, len(values), MAX_ROWS)]
        return cls(table, chosen, read_rows(connection, table, chosen, is_locked=True))

    def write(self, connection: Connection) -> None:
        """Write a line for each row that was inserted or changed."""
        origin = {name.removeprefix(PLACEHOLDER): value for name, value in origin_values().items()}
        rows = []
        for key, after in read_rows(connection, self.table, self.chosen).items():
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
                    "before": {} if before is None else self._redacted(before, names),
                    "after": self._redacted(after, names),
                }
            )
        if rows:
            connection.execute(insert(LOG).values(transaction=current_transaction()), rows)

    def _redacted(self, row: Row, names: Iterable[str]) -> dict[str, object]:
        return {name: REDACTED if name in self.table.secrets else row[name] for name in names}


def read_rows(
    connection: Connection,
    table: RecordedTable,
    chosen: Sequence[ColumnElement[bool]],
    *,
    is_locked: bool = False,
    may_go: bool = False,
    loads: Callable[[str], Row] = read_snapshot,
) -> dict[Key, Row]:
    """Return the rows that each of the conditions selects, by their keys.

    With `is_locked` the rows are locked until the transaction ends; with `may_go` so strongly that no new reference to
    them can be inserted, as a deletion needs it.
    """
    own = object_key(list(table.table.primary_key.columns))
    named = object_key(table.keys)
    looked = select(own, named, cast(json_row(dict(table.fields)), Text)).order_by(
        own
    )  # as text, not parsed by a driver
    if is_locked:  # SQLAlchemy renders no FOR UPDATE on SQLite, where only one connection writes at a time
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
    # No IN of tuples: on SQLite it does not apply the type of each value.
    rows = [and_(*(column == value for column, value in zip(columns, row, strict=True))) for row in values]
    return or_(*rows)
