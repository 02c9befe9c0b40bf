"""The INSERTs of the log: each line is read from the row itself, by the database, in one statement for many rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from typing import cast as as_type

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Insert,
    Select,
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
    tuple_,
    union_all,
)
from sqlalchemy.types import JSON

from dovetail.contrib.history.differences import REDACTED as REDACTED  # noqa: PLC0414 - what a line holds
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.json_rows import bare, current_transaction, in_json, json_row, sql_text
from dovetail.contrib.history.recording.recorded import Recorded, RecordedTable
from dovetail.database.change_log import Picture

PLACEHOLDER = "history_"  # with the name of a column: the placeholder for who and where
ORIGIN = ("door", "via", "actor_id", "actor_name", "address", "request_id")
Pairs: TypeAlias = Sequence[tuple[Column[object], Column[object]]]  # what refers, and what it refers to
Reference: TypeAlias = tuple[Table, Pairs, str]  # with what is done when that is deleted
LOG = as_type("Table", RecordedChange.__table__)
COLUMNS = ("transaction", "action", "model", "object_key", "before", "after", *ORIGIN)


class Lines:
    """Makes the statements that write lines about the rows of `recorded` tables."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self._reached: dict[str, Sequence[tuple[Table, Sequence[Reference]]]] = {}

    def insert(
        self, table: RecordedTable, before: Picture | None, after: Picture | None, where: Sequence[ColumnElement[bool]]
    ) -> Insert:
        """Return the INSERT of a line for each row that `where` chooses; see ChangeLog.insert."""
        return _insert(self.select(table, before, after, where))

    def select(
        self, table: RecordedTable, before: Picture | None, after: Picture | None, where: Sequence[ColumnElement[bool]]
    ) -> Select[object]:
        """Return the SELECT of those lines."""
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
        origin = [bindparam(f"{PLACEHOLDER}{name}", type_=LOG.c[name].type) for name in ORIGIN]
        told = [current_transaction(), sql_text(action), sql_text(table.label), key, *pictures, *origin]
        columns = as_type("list[ColumnElement[object]]", told)
        return as_type("Select[object]", select(*columns).where(*where))

    def insert_deleted(self, table: Table, where: Sequence[ColumnElement[bool]]) -> Insert | None:
        """Return the INSERT of lines for rows that are deleted, and for what the database deletes or empties with them.

        None if nothing of that is written down.
        """
        found = list(self._gone(table, and_(true(), *where)))[::-1]  # nothing of a row stands behind its end
        if not found:
            return None
        return _insert(found[0] if len(found) == 1 else union_all(*found))

    def _gone(self, table: Table, condition: ColumnElement[bool]) -> Iterator[Select[object]]:
        gone: dict[Table, list[ColumnElement[bool]]] = {table: [condition]}
        for one, referring in self._reach(table):
            chosen = _with_own_kind(one, or_(*gone[one]))
            known = self.recorded.find(one)
            if known is not None:
                yield self.select(known, picture(one), None, [chosen])
            for child, pairs, rule in referring:
                refers = _refer(pairs, chosen)
                if rule == "CASCADE" and child is not one:
                    gone.setdefault(child, []).append(refers)
                elif rule == "SET NULL" and (lost := self.recorded.find(child)) is not None:
                    emptied: Mapping[str, ColumnElement[object]] = {
                        own.key: literal(None, own.type) for own, _ in pairs
                    }
                    yield self.select(lost, picture(child), emptied, [refers])

    def _reach(self, table: Table) -> Sequence[tuple[Table, Sequence[Reference]]]:
        """Return the tables of which rows go with those of a table, each with the columns that refer to it.

        They stand behind those they refer to; nothing, if no change of any of them is written down.
        """
        if table.key not in self._reached:
            found: dict[Table, Sequence[Reference]] = {}
            reached = {table}
            for one in _below(table):
                if one in reached:
                    found[one] = list(_referring(one))
                    reached |= {child for child, _, rule in found[one] if rule == "CASCADE"}
            touched = {*found, *(child for referring in found.values() for child, _, rule in referring if rule)}
            is_written = any(self.recorded.find(one) is not None for one in touched)
            self._reached[table.key] = list(found.items()) if is_written else []
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


def rows_with(keys: Sequence[ColumnElement[object]], select_keys: Select[object]) -> ColumnElement[bool]:
    """Return the condition that the key of a row is among those that a statement selects."""
    return keys[0].in_(select_keys) if len(keys) == 1 else tuple_(*keys).in_(select_keys)


def picture(table: Table) -> Picture:
    """Return the values of the columns of a table, by their keys."""
    return {column.key: column for column in table.columns}


def _insert(rows: Select[object] | CompoundSelect[object]) -> Insert:
    return insert(LOG).from_select(COLUMNS, rows, include_defaults=False)


def _picture(table: RecordedTable, fields: Mapping[str, Column[object]], values: Picture | None) -> json_row:
    if values is None:
        return json_row({})
    redacted = sql_text(REDACTED)
    return json_row({name: redacted if name in table.secrets else values[one.key] for name, one in fields.items()})


def _differ(pairs: Sequence[tuple[ColumnElement[object], ColumnElement[object]]]) -> ColumnElement[bool]:
    return or_(*(_comparable(one).is_distinct_from(_comparable(other)) for one, other in pairs)) if pairs else false()


def _comparable(value: ColumnElement[object]) -> ColumnElement[object]:
    return cast(value, Text) if isinstance(bare(value.type), JSON) else value  # PostgreSQL cannot compare two of these


def _below(table: Table) -> list[Table]:
    """Return the table, and behind it those that refer to others, each behind what it refers to."""
    order = table.metadata.sorted_tables
    return [table, *(one for one in order if one is not table)]


def _referring(table: Table) -> Iterator[Reference]:
    """Yield the foreign keys that refer to a table."""
    for other in table.metadata.tables.values():
        for constraint in other.foreign_key_constraints:
            if constraint.referred_table is table:
                pairs = [(key.parent, key.column) for key in constraint.elements]
                yield other, pairs, (constraint.ondelete or "").upper()


def _refer(pairs: Pairs, chosen: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a row refers to one of those that are chosen."""
    targets = as_type("Select[object]", select(*(target for _, target in pairs)))
    return rows_with([own for own, _ in pairs], targets.where(chosen))


def _with_own_kind(table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition with the rows that go because they refer to such rows of the table itself, to any depth."""
    own = [pairs for child, pairs, rule in _referring(table) if child is table and rule == "CASCADE"]
    if not own:
        return condition
    keys = list(table.primary_key.columns)
    known = {column.key: column for column in [*keys, *(target for pairs in own for _, target in pairs)]}
    found = select(*known.values()).where(condition).cte(f"gone_{table.name}", recursive=True)
    other = table.alias()
    refers = [and_(*(other.c[one.key] == found.c[target.key] for one, target in pairs)) for pairs in own]
    found = found.union(select(*(other.c[name] for name in known)).join(found, or_(*refers)))
    return rows_with(keys, select(*(found.c[key.key] for key in keys)))
