"""Find what prevents an undo, and raise ConflictError with the names of the object and field."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    and_,
    exists,
    not_,
    select,
)

from dovetail.contrib.history.recording.lines import object_key
from dovetail.contrib.history.recording.recorded import REDACTED, Recorded, RecordedTable
from dovetail.contrib.history.undoing.names import Names
from dovetail.contrib.history.undoing.sources import Rows, Source
from dovetail.contrib.history.undoing.steps import Kind, Row, Step
from dovetail.database.deletion.conditions import refer
from dovetail.database.deletion.references import Rows as Deleted
from dovetail.database.deletion.references import by_database
from dovetail.errors import ConflictError
from dovetail.translation.texts import gettext, gettext_lazy, ngettext

Found = Mapping[str, Mapping[str, object]]  # the current values of rows, by the text of their keys
PLAIN = (
    gettext_lazy("This cannot be undone: %(name)s is not there any more."),
    gettext_lazy("This cannot be undone: %(name)s is there: its key was taken again."),
)
LINKED = (
    gettext_lazy("This cannot be undone: %(name)s is not linked so any more."),
    gettext_lazy("This cannot be undone: %(name)s is linked so again."),
)


def check_present(step: Step, keys: Mapping[int, str], found: Found, names: Names) -> None:
    """Raise ConflictError unless each row is as the change left it; `keys` are the keys of `step.rows`, by index."""
    gone, there = LINKED if step.table.is_link else PLAIN
    for place, row in enumerate(step.rows):
        present = found.get(keys[place])
        if (present is not None) is (step.kind is Kind.INSERT):
            text = gone if present is None else there
            raise ConflictError(gettext(text) % {"name": names.object_name(step.table, row.text)})
        if present is not None:
            _check_same(step.table, row, present, names)


def check_referring(connection: Connection, recorded: Recorded, step: Step, source: Source, names: Names) -> None:
    """Raise ConflictError if a recorded row refers to rows that would be deleted."""
    table = step.table.table
    if step.table.is_link:
        return
    gone = source.has(step.table.keys)
    for one in by_database(Deleted(table)):
        known = recorded.find(one.rows.table)
        if known is None:
            continue
        refers = [refer(one.pairs, gone)]
        if one.rows.table is table:
            refers.append(not_(gone))
        found = connection.execute(select(object_key(known.keys)).where(*refers).limit(1)).scalar()
        if found is not None:
            raise ConflictError(
                gettext("This cannot be undone: %(step)s would be deleted, and %(other)s refers to it.")
                % {"step": _called(step, names), "other": names.object_name(known, found)}
            )


def check_written(connection: Connection, step: Step, rows: Rows, names: Names) -> None:
    """Raise ConflictError if unique values are taken by other rows, or if a referenced row no longer exists."""
    table, written = step.table.table, {step.table.fields[name].key for name in step.names}
    source = rows.target.again()
    if step.moves:
        key = connection.execute(select(object_key(step.table.keys)).where(source.has(step.table.keys))).scalar()
        if key is not None:
            raise ConflictError(gettext(PLAIN[1]) % {"name": names.object_name(step.table, key)})
    for columns in unique_columns(table):
        if step.table.is_link or not written.issuperset(column.key for column in columns):
            continue
        given = source.again()
        taken = and_(*(column == given.value(column) for column in columns))
        others = not_(rows.found.again().has(step.table.keys))
        found = connection.execute(select(object_key(step.table.keys)).where(taken, others).limit(1)).scalar()
        if found is not None:
            raise ConflictError(
                gettext("This cannot be undone: %(columns)s of %(step)s would be that of %(other)s.")
                % {
                    "columns": _fields(step.table, columns, names),
                    "step": _called(step, names),
                    "other": names.object_name(step.table, found),
                }
            )
    for constraint in table.foreign_key_constraints:
        if written.isdisjoint(element.parent.key for element in constraint.elements):
            continue
        if connection.execute(select(1).where(*_is_missing(constraint, source.again(), table)).limit(1)).scalar():
            columns = [element.parent for element in constraint.elements]
            raise ConflictError(
                gettext("This cannot be undone: what %(columns)s of %(step)s refers to is not there any more.")
                % {"columns": _fields(step.table, columns, names), "step": _called(step, names)}
            )


def unique_columns(table: Table) -> Iterator[Sequence[Column[object]]]:
    """Yield the sets of columns with unique values, apart from the primary key."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield list(constraint.columns)
    for index in table.indexes:
        if index.unique and len(index.columns) == len(index.expressions) and not _is_partial(index):
            yield [table.columns[column.key] for column in index.columns]


def _check_same(table: RecordedTable, row: Row, present: Mapping[str, object], names: Names) -> None:
    for name, value in row.now.items():
        is_told = value != REDACTED and table.fields[name].onupdate is None
        if is_told and present.get(name) != value:
            if table.model is not None and name in names.hidden(table.model):
                raise ConflictError(
                    gettext("This cannot be undone: %(name)s was changed since.")
                    % {"name": names.object_name(table, row.text)}
                )
            raise ConflictError(
                gettext("This cannot be undone: %(name)s of %(name2)s was changed since.")
                % {"name": names.field(table, name), "name2": names.object_name(table, row.text)}
            )


def _is_partial(index: Index) -> bool:
    return any(index.dialect_options[name].get("where") is not None for name in ("sqlite", "postgresql"))


def _is_missing(constraint: ForeignKeyConstraint, source: Source, table: Table) -> list[ColumnElement[bool]]:
    values = [(source.value(one.parent), one.column) for one in constraint.elements]
    target = constraint.referred_table.alias()
    there = exists().where(*(target.c[column.key] == value for value, column in values))
    missing = [*(value.is_not(None) for value, _ in values), not_(there)]
    if constraint.referred_table is table:  # a row may refer to one that the same statement inserts
        other = source.again()
        missing.append(not_(exists().where(*(other.value(column) == value for value, column in values))))
    return missing


def _called(step: Step, names: Names) -> str:
    first, others = names.object_name(step.table, step.rows[0].text), len(step.rows) - 1
    if not others:
        return first
    said = ngettext("%(first)s, or %(count)s other,", "%(first)s, or one of %(count)s others,", others)
    return said % {"first": first, "count": others}


def _fields(table: RecordedTable, columns: Sequence[Column[object]], names: Names) -> str:
    found = [name for name, column in table.fields.items() if column in columns]
    called = [names.field(table, name) for name in found] or [column.key for column in columns]
    between = gettext("and")
    return f" {between} ".join(called)
