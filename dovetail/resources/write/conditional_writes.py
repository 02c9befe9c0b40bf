"""The statements of `single_statement.py`: UPDATE and DELETE that check the policy and the client's entity tag."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    ColumnClause,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Numeric,
    Select,
    String,
    Table,
    Time,
    Uuid,
    delete,
    inspect,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.database.change_log import ChangeLog, snapshot_of
from dovetail.database.column_types import UTCDateTime
from dovetail.database.drivers.sqlalchemy_private_statements import kind_of
from dovetail.database.presumed import Presumable
from dovetail.resources.conditions import is_never
from dovetail.resources.declaration.declared import Model
from dovetail.resources.query.keys import key_names
from dovetail.resources.read.etags import has_version
from dovetail.resources.read.reader import Plan
from dovetail.resources.spec import Spec
from dovetail.resources.sql.change_lines import taken_row
from dovetail.resources.sql.insert_statements import placeholders
from dovetail.resources.sql.presumed import is_confirmed
from dovetail.resources.sql.statements import PreparedStatement, prepare
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.one_row import OneRow

# Column types whose values are equal in the database exactly if they are equal in Python.
COMPARABLE = frozenset({Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, Time, Uuid})
StatementT = TypeVar("StatementT")


@dataclass(frozen=True)
class Compiled(Generic[StatementT]):
    """A statement, and the history log whose placeholders it contains, if it writes a history line."""

    statement: StatementT
    log: ChangeLog | None


def compile_update(  # noqa: PLR0917 - what the statement is made of
    spec: Spec[Model],
    one_row: OneRow[Model],
    names: Sequence[str],
    visibility: Visibility,
    dialect: Dialect,
    log: ChangeLog | None,
    by_whom: Presumable | None,
    *,
    is_tagged: bool,
) -> Compiled[Plan] | None:
    """Compile the UPDATE of these attributes, which writes only if one of them changes, and reads the row.

    It also writes the line into the `log`. If `by_whom` is given, the query that confirms the presumed user, nothing is
    written unless that query finds the user. Return None if SQL cannot express all conditions.
    """
    log = log if log is not None and log.columns(inspect(spec.model).local_table) else None
    check = true() if visibility.check is None else visibility.check
    changed, later = placeholders(spec.model, names), _afterwards(spec.model, names, check)
    conditions = list(_conditions(spec, visibility, dialect, is_tagged=is_tagged))
    if not conditions or later is None or len(changed) < len(names):
        return None
    if not all(_is_comparable(column.type) for column in changed):
        return None
    differs = or_(*(column.is_distinct_from(value) for column, value in changed.items()))
    if by_whom is not None:
        conditions.append(is_confirmed(by_whom, dialect))
    plan = one_row.compile_update(names, visibility, dialect, *conditions, later, differs, log=log, is_alone=True)
    return None if plan is None else Compiled(plan, log)


def prepare_delete(  # noqa: PLR0917 - as above
    spec: Spec[Model],
    one_row: OneRow[Model],
    visibility: Visibility,
    dialect: Dialect,
    log: ChangeLog | None,
    by_whom: Presumable | None,
    *,
    is_tagged: bool,
) -> Compiled[Sequence[PreparedStatement]] | None:
    """Compile the DELETE that returns the row's key, after the statement that writes the line into the `log`.

    `by_whom` and None as for `compile_update`.
    """
    conditions = list(_conditions(spec, visibility, dialect, is_tagged=is_tagged))
    if not conditions:
        return None
    table, key = inspect(spec.model).local_table, getattr(spec.model, spec.key)
    chosen = [one_row.has_key(), *conditions]
    line = None if log is None else log.insert_deleted(table, chosen)
    if line is not None and len(select(table).where(*chosen).get_final_froms()) > 1:
        return None
    if by_whom is not None:  # after the line's conditions: where the line is a separate statement nobody is presumed
        chosen.append(is_confirmed(by_whom, dialect))
    if log is not None and line is not None and dialect.name != "sqlite":
        (name,) = key_names(spec.model)  # the primary key: rows deleted by cascade refer to it
        statement = _recorded_delete(log, table, getattr(spec.model, name), chosen)
        recorded = prepare(statement, dialect, visibility.binds)
        return None if recorded is None else Compiled((recorded,), log)
    parts = [one for one in (line, delete(table).where(*chosen).returning(key)) if one is not None]
    found = [prepared for one in parts if (prepared := prepare(one, dialect, visibility.binds)) is not None]
    return Compiled(found, None if line is None else log) if len(found) == len(parts) else None


def _recorded_delete(
    log: ChangeLog, table: Table, key: InstrumentedAttribute[object], chosen: Sequence[ColumnElement[bool]]
) -> Select[object]:
    """Return, for PostgreSQL, the DELETE that returns the key and records the row and all rows deleted by cascade.

    The history must record exactly what is deleted, so the row is locked first. If another transaction holds the row,
    or has just inserted a reference to it, nothing is deleted here.
    """
    own = key.property.columns[0]
    taken = taken_row(table, [own, *log.columns(table)], chosen, to_delete=True)
    gone = delete(table).where(own == select(taken.c[own.key]).scalar_subquery()).returning(own).cte("gone")
    # A trigger or row-level security may have kept the row: then there is nothing to record.
    known = select(taken).where(taken.c[own.key] == gone.c[own.key]).cte("known")
    line = log.insert_deleted(table, [own == select(gone.c[own.key]).scalar_subquery()], snapshot_of(known))
    statement = select(gone.c[own.key])
    return statement if line is None else statement.add_cte(line.cte("history_lines"))


def _conditions(
    spec: Spec[Model], visibility: Visibility, dialect: Dialect, *, is_tagged: bool
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on the row before the write; none if no row can fulfil them or SQL cannot express them."""
    check = true() if visibility.check is None else visibility.check
    if is_never(visibility.rows) or is_never(check) or (is_tagged and dialect.name != "postgresql"):
        return
    yield visibility.rows
    yield check
    if is_tagged:
        yield has_version(getattr(spec.model, spec.version_in(visibility)[-1]))


def _afterwards(model: type[object], names: Sequence[str], check: ColumnElement[bool]) -> ColumnElement[bool] | None:
    """Return the condition that the row will fulfil `check` after these attributes are written.

    None if `check` uses a column whose value the database computes, or refers to one in literal SQL.
    """
    given = placeholders(model, names)
    named = [part for part in visitors.iterate(check) if isinstance(part, ColumnClause)]
    if any(part not in given and (not isinstance(part, Column) or _is_made(part)) for part in named):
        return None
    if given.keys().isdisjoint(named):
        return true()  # the condition before the write is the same

    def value(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        return given[element] if isinstance(element, Column) and element in given else None

    return visitors.replacement_traverse(check, {}, value)


def _is_made(column: Column[object]) -> bool:
    """Return True if an UPDATE changes this column without naming it."""
    return column.system or any(one is not None for one in (column.onupdate, column.server_onupdate, column.computed))


def _is_comparable(column_type: TypeEngine[object]) -> bool:
    is_ours = isinstance(column_type, UTCDateTime)
    return (is_ours or not isinstance(column_type, TypeDecorator)) and kind_of(column_type) in COMPARABLE
