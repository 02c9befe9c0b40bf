"""Refuse to bring values back that their columns cannot hold any more, since a migration has changed these."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Boolean, Date, DateTime, Dialect, Enum, Float, Integer, Numeric, String, Time, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.contrib.history.recording.json_rows import BYTES
from dovetail.contrib.history.undoing.names import Names
from dovetail.contrib.history.undoing.steps import Step
from dovetail.database.drivers.broken_rules import refused_columns
from dovetail.database.drivers.lost_connections import code_of
from dovetail.database.error_translation import client_error
from dovetail.errors import ConflictError
from dovetail.translation.texts import gettext

LACKING = ("23502", "SQLITE_CONSTRAINT_NOTNULL")
HEX = re.compile(r"\\x(?:[0-9a-f]{2})*")


def check_fit(step: Step, dialect: Dialect, names: Names) -> None:
    """Raise ConflictError for a value that its column cannot hold: SQLite would store any value in any column."""
    for name in step.names if any(row.then for row in step.rows) else ():
        kind = _stored(step.table.fields[name].type, dialect)
        for row in step.rows:
            if row.then[name] is not None and not _fits(kind, row.then[name], dialect):
                raise ConflictError(
                    gettext("This cannot be undone: %(field)s of %(name)s cannot hold what it held then.")
                    % {"field": names.field(step.table, name), "name": names.object_name(step.table, row.text)}
                )


def refused_in_words(error: DBAPIError, step: Step, names: Names) -> str:
    """Return the sentence for an error of the database that a step has led to."""
    first = names.object_name(step.table, step.rows[0].text)
    columns = refused_columns(error.orig, [step.table.table])
    lacking = [names.field(step.table, name) for name, one in step.table.fields.items() if one in columns]
    if code_of(error.orig) in LACKING and lacking:
        told = gettext("This cannot be undone: %(name)s had no %(field)s then, and needs one now.")
        return told % {"name": first, "field": lacking[0]}
    what = str(client_error(error) or error)
    return gettext("This cannot be undone: %(name)s: %(what)s") % {"name": first, "what": what}


def _stored(kind: TypeEngine[object], dialect: Dialect) -> TypeEngine[object]:
    while isinstance(kind, TypeDecorator):
        kind = kind.load_dialect_impl(dialect)
    return kind.dialect_impl(dialect)


def _fits(kind: TypeEngine[object], value: object, dialect: Dialect) -> bool:
    """Return False if the column surely cannot hold the value; PostgreSQL itself refuses texts that are no times."""
    if isinstance(kind, Enum):
        return value in kind.enums
    for kinds, is_one in SHAPES:
        if isinstance(kind, kinds):
            return is_one(value)
    read = next((read for one, read in READERS.items() if isinstance(kind, one)), None)
    return read is None or dialect.name != "sqlite" or (isinstance(value, str) and _is_readable(value, read))


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number or value in ("NaN", "Infinity", "-Infinity")  # as PostgreSQL writes them into JSON


def _is_readable(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


SHAPES: tuple[tuple[type | tuple[type, ...], Callable[[object], bool]], ...] = (
    (BYTES, lambda value: isinstance(value, str) and HEX.fullmatch(value) is not None),
    (String, lambda value: isinstance(value, str)),
    (Boolean, lambda value: isinstance(value, bool)),
    ((Integer, Float, Numeric), _is_number),
)
READERS: dict[type[object], Callable[[str], object]] = {
    DateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Time: time.fromisoformat,
    Uuid: UUID,
}
