"""Build the INSERTs of the log. The database reads the values from the rows themselves, many rows per statement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast as as_type

from sqlalchemy import (
    Column,
    ColumnElement,
    Insert,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.types import JSON, UserDefinedType

from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.json_rows import (
    bare,
    current_transaction,
    in_json,
    json_row,
    kept_by_postgresql,
    sql_text,
)
from dovetail.contrib.history.recording.recorded import REDACTED, Recorded, RecordedTable
from dovetail.database.change_log import Snapshot, snapshot_of
from dovetail.database.deletion.conditions import Followed, refer
from dovetail.database.deletion.reach import Reach
from dovetail.database.deletion.references import Rows, by_database

PLACEHOLDER = "history_"  # prefix of the parameters for the origin of a change, before the name of the column
ORIGIN = ("door", "via", "actor_id", "actor_name", "address", "request_id")
PLACEHOLDERS = {name: f"{PLACEHOLDER}{name}" for name in ORIGIN}
LOG = as_type("Table", RecordedChange.__table__)
OWN_COLUMNS = ("action", "model", "object_key", "before", "after")  # these differ by line; the rest by statement
COLUMNS = (*OWN_COLUMNS, "transaction", *ORIGIN)


class Lines:
    """Builds the statements that write lines about the rows of `recorded` tables."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self._reached: dict[str, Reach | None] = {}

    def insert(
        self,
        table: RecordedTable,
        before: Snapshot | None,
        after: Snapshot | None,
        where: Sequence[ColumnElement[bool]],
    ) -> Insert:
        """Return the INSERT of one line for each row that `where` selects; see ChangeLog.insert."""
        return _insert([self._line(table, before, after, where)])

    def insert_all(self, lines: Sequence[Insert]) -> Insert:
        """Return one INSERT that combines those of `lines`, in their order."""
        rows = [as_type("Select[object]", line.select) for line in lines]
        own = [one.with_only_columns(*list(one.selected_columns)[: len(OWN_COLUMNS)]) for one in rows]
        return lines[0] if len(lines) == 1 else _insert(own)

    def insert_deleted(
        self, table: Table, where: Sequence[ColumnElement[bool]], before: Snapshot | None = None
    ) -> Insert | None:
        """Return the INSERT of lines for deleted rows, and for rows that ON DELETE CASCADE or SET NULL changes.

        Return None if none of these tables is recorded. For `before` see ChangeLog.insert_deleted.
        """
        found = list(self._gone(table, and_(true(), *where), before))[::-1]  # the row's own deletion is its last line
        return _insert(found) if found else None

    def _gone(self, table: Table, condition: ColumnElement[bool], before: Snapshot | None) -> Iterator[Select[object]]:
        reach, root = self._reach(table), Rows(table)
        if reach is None:
            return
        is_known = before is not None and all(root not in group for group in reach.circles)
        for rows, chosen in reach.gone({root: condition}).items():
            known = self.recorded.find(rows.table)
            if known is not None and rows == root and is_known:
                yield self._line(known, before, None, [])
            elif known is not None and isinstance(chosen, Followed):
                yield self._line(known, snapshot_of(rows.table), None, []).select_from(chosen.rows())
            elif known is not None:
                yield self._line(known, snapshot_of(rows.table), None, [chosen])
            for one in reach.references[rows]:
                if one.rule == "SET NULL" and (lost := self.recorded.find(one.rows.table)) is not None:
                    emptied: Mapping[str, ColumnElement[object]] = {
                        own.key: literal(None, own.type) for own, _ in one.pairs
                    }
                    yield self._line(lost, snapshot_of(one.rows.table), emptied, [refer(one.pairs, chosen)])

    def _line(
        self,
        table: RecordedTable,
        before: Snapshot | None,
        after: Snapshot | None,
        where: Sequence[ColumnElement[bool]],
    ) -> Select[object]:
        """Return the SELECT of `OWN_COLUMNS`, one row for each line."""
        if before is None or after is None:
            known: Snapshot = before or after or {}
            action = ChangeAction.DELETE if after is None else ChangeAction.ADD
            names = known.keys()
            fields = {name: one for name, one in table.fields.items() if one.key in names}
        else:
            known, action = before, ChangeAction.CHANGE
            fields = table.written(after.keys())
            where = [*where, _differ([(before[one.key], after[one.key]) for one in fields.values()])]
        if table.is_link:
            action = ChangeAction.CHANGE
        key = object_key([known[one.key] for one in table.keys])
        values = [_json_values(table, fields, one) for one in (before, after)]
        own = as_type("list[ColumnElement[object]]", [sql_text(action), sql_text(table.label), key, *values])
        named = [one.label(name) for name, one in zip(OWN_COLUMNS, own, strict=True)]
        return as_type("Select[object]", select(*named).where(*where))

    def _reach(self, table: Table) -> Reach | None:
        """Return what a deletion in the table reaches; None if neither it nor anything it reaches is recorded."""
        if table.key not in self._reached:
            reach = Reach.of([Rows(table)], by_database)
            touched = {one.rows.table for found in reach.references.values() for one in found if one.rule}
            is_written = any(self.recorded.find(one) is not None for one in {table, *touched})
            self._reached[table.key] = reach if is_written else None
        return self._reached[table.key]


def object_key(values: Sequence[ColumnElement[object]]) -> ColumnElement[str]:
    """Return the text of a key as URLs of the back office have it: `12`, or `3;7` for a composite key."""
    texts = [cast(in_json(value), Text) for value in values]
    if len(texts) == 1:
        return texts[0]
    escaped = [
        func.replace(func.replace(one, sql_text("\\"), sql_text("\\\\")), sql_text(";"), sql_text("\\;"))
        for one in texts
    ]
    made: ColumnElement[str] = escaped[0]
    for one in escaped[1:]:
        made = made.concat(sql_text(";")).concat(one)
    return made


def _insert(lines: Sequence[Select[object]]) -> Insert:
    """Return the INSERT of lines; the transaction and origin are computed once for all of them."""
    # `door` is passed as a String, since processing each value as an Enum would take time for nothing.
    kinds = {"door": String(), **{name: LOG.c[name].type for name in ORIGIN[1:]}}
    origin = [bindparam(PLACEHOLDERS[name], type_=kind) for name, kind in kinds.items()]
    same = as_type("list[ColumnElement[object]]", [current_transaction(), *origin])
    rows = lines[0].add_columns(*same) if len(lines) == 1 else select(*union_all(*lines).subquery().c, *same)
    return insert(LOG).from_select(COLUMNS, rows, include_defaults=False)


def _json_values(table: RecordedTable, fields: Mapping[str, Column[object]], values: Snapshot | None) -> json_row:
    if values is None:
        return json_row({})
    redacted = sql_text(REDACTED)
    return json_row({name: redacted if name in table.secrets else values[one.key] for name, one in fields.items()})


def _differ(pairs: Sequence[tuple[ColumnElement[object], ColumnElement[object]]]) -> ColumnElement[bool]:
    return or_(*(_comparable(one).is_distinct_from(_comparable(other)) for one, other in pairs)) if pairs else false()


def _comparable(value: ColumnElement[object]) -> ColumnElement[object]:
    # PostgreSQL has no equality operator for these types, so their JSON text is compared.
    kinds = (bare(value.type), kept_by_postgresql(value.type))
    is_odd = any(isinstance(kind, JSON | JSONPATH | UserDefinedType) for kind in kinds)
    return cast(in_json(value), Text) if is_odd else value
