"""The INSERTs of the log: each line is read from the row itself, by the database, in one statement for many rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast as as_type

from sqlalchemy import (
    CTE,
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

from dovetail.contrib.history.differences import REDACTED
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.json_rows import (
    bare,
    current_transaction,
    in_json,
    json_row,
    kept_by_postgresql,
    sql_text,
)
from dovetail.contrib.history.recording.recorded import Recorded, RecordedTable
from dovetail.database.change_log import Picture
from dovetail.database.deletion.conditions import Followed, refer
from dovetail.database.deletion.reach import Reach
from dovetail.database.deletion.references import Rows, by_database

PLACEHOLDER = "history_"  # with the name of a column: the placeholder for who and where
ORIGIN = ("door", "via", "actor_id", "actor_name", "address", "request_id")
PLACEHOLDERS = {name: f"{PLACEHOLDER}{name}" for name in ORIGIN}
LOG = as_type("Table", RecordedChange.__table__)
TOLD = ("action", "model", "object_key", "before", "after")  # of each line, and then of all lines of a statement
COLUMNS = (*TOLD, "transaction", *ORIGIN)


class Lines:
    """Makes the statements that write lines about the rows of `recorded` tables."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self._reached: dict[str, Reach | None] = {}

    def insert(
        self, table: RecordedTable, before: Picture | None, after: Picture | None, where: Sequence[ColumnElement[bool]]
    ) -> Insert:
        """Return the INSERT of a line for each row that `where` chooses; see ChangeLog.insert."""
        return _insert([self._line(table, before, after, where)])

    def insert_all(self, lines: Sequence[Insert]) -> Insert:
        """Return one INSERT of the lines of several, in their order."""
        rows = [as_type("Select[object]", line.select) for line in lines]
        told = [one.with_only_columns(*list(one.selected_columns)[: len(TOLD)]) for one in rows]
        return lines[0] if len(lines) == 1 else _insert(told)

    def insert_deleted(
        self, table: Table, where: Sequence[ColumnElement[bool]], before: Picture | None = None
    ) -> Insert | None:
        """Return the INSERT of lines for rows that are deleted, and for what the database deletes or empties with them.

        None if nothing of that is written down. `before` as ChangeLog.insert_deleted has it.
        """
        found = list(self._gone(table, and_(true(), *where), before))[::-1]  # nothing of a row stands behind its end
        return _insert(found) if found else None

    def _gone(self, table: Table, condition: ColumnElement[bool], before: Picture | None) -> Iterator[Select[object]]:
        reach, root = self._reach(table), Rows(table)
        if reach is None:
            return
        is_known = before is not None and all(root not in group for group in reach.circles)
        for rows, chosen in reach.gone({root: condition}).items():
            known = self.recorded.find(rows.table)
            if known is not None and rows == root and is_known:
                yield self._line(known, before, None, [])
            elif known is not None and isinstance(chosen, Followed):
                yield self._line(known, picture(rows.table), None, []).select_from(chosen.rows())
            elif known is not None:
                yield self._line(known, picture(rows.table), None, [chosen])
            for one in reach.references[rows]:
                if one.rule == "SET NULL" and (lost := self.recorded.find(one.rows.table)) is not None:
                    emptied: Mapping[str, ColumnElement[object]] = {
                        own.key: literal(None, own.type) for own, _ in one.pairs
                    }
                    yield self._line(lost, picture(one.rows.table), emptied, [refer(one.pairs, chosen)])

    def _line(
        self, table: RecordedTable, before: Picture | None, after: Picture | None, where: Sequence[ColumnElement[bool]]
    ) -> Select[object]:
        """Return the SELECT of what each of those lines tells of itself."""
        if before is None or after is None:
            known: Picture = before or after or {}
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
        pictures = [_picture(table, fields, one) for one in (before, after)]
        told = as_type("list[ColumnElement[object]]", [sql_text(action), sql_text(table.label), key, *pictures])
        named = [one.label(name) for name, one in zip(TOLD, told, strict=True)]
        return as_type("Select[object]", select(*named).where(*where))

    def _reach(self, table: Table) -> Reach | None:
        """Return what goes with the rows of a table; None if no change of any of it is written down."""
        if table.key not in self._reached:
            reach = Reach.of([Rows(table)], by_database)
            touched = {one.rows.table for found in reach.references.values() for one in found if one.rule}
            is_written = any(self.recorded.find(one) is not None for one in {table, *touched})
            self._reached[table.key] = reach if is_written else None
        return self._reached[table.key]


def object_key(values: Sequence[ColumnElement[object]]) -> ColumnElement[str]:
    """Return the text of a key as the back office's addresses have it: `12`, or `3;7` of two parts."""
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


def picture(table: Table | CTE) -> Picture:
    """Return the values of the columns of a table, or of rows of it, by their keys."""
    return {column.key: column for column in table.columns}


def _insert(lines: Sequence[Select[object]]) -> Insert:
    """Return the INSERT of lines; what is the same in all of them is asked once."""
    # A door is a text already: to look at each as one of an enumeration would take its time.
    kinds = {"door": String(), **{name: LOG.c[name].type for name in ORIGIN[1:]}}
    origin = [bindparam(PLACEHOLDERS[name], type_=kind) for name, kind in kinds.items()]
    same = as_type("list[ColumnElement[object]]", [current_transaction(), *origin])
    rows = lines[0].add_columns(*same) if len(lines) == 1 else select(*union_all(*lines).subquery().c, *same)
    return insert(LOG).from_select(COLUMNS, rows, include_defaults=False)


def _picture(table: RecordedTable, fields: Mapping[str, Column[object]], values: Picture | None) -> json_row:
    if values is None:
        return json_row({})
    redacted = sql_text(REDACTED)
    return json_row({name: redacted if name in table.secrets else values[one.key] for name, one in fields.items()})


def _differ(pairs: Sequence[tuple[ColumnElement[object], ColumnElement[object]]]) -> ColumnElement[bool]:
    return or_(*(_comparable(one).is_distinct_from(_comparable(other)) for one, other in pairs)) if pairs else false()


def _comparable(value: ColumnElement[object]) -> ColumnElement[object]:
    # PostgreSQL cannot compare two of these.
    kinds = (bare(value.type), kept_by_postgresql(value.type))
    is_odd = any(isinstance(kind, JSON | JSONPATH | UserDefinedType) for kind in kinds)
    return cast(in_json(value), Text) if is_odd else value
