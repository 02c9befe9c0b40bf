"""Sequences for the defaults of columns, as SERIAL creates them: created before the column, and dropped with it.

Primary keys do not need this, since they are created as SERIAL or IDENTITY columns.
"""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Column, Connection, DefaultClause, text
from sqlalchemy.sql.elements import TextClause

_NEXT = re.compile(r"nextval\('((?:[^']|'')+)'::regclass\)")
_EXISTS = text("SELECT to_regclass(:name) IS NOT NULL")


def new_sequences(columns: Iterable[Column[object]], connection: Connection | None) -> Iterator[tuple[str, str]]:
    """Yield columns and their missing sequences, as SQL; without a connection, those of all columns with a sequence."""
    for column in columns:
        default = column.server_default.arg if isinstance(column.server_default, DefaultClause) else None
        found = _NEXT.fullmatch(default.text) if isinstance(default, TextClause) else None
        name = found[1].replace("''", "'") if found else None
        if name and not (connection is not None and connection.scalar(_EXISTS, {"name": name})):
            yield column.name, name


def making(name: str) -> str:
    """Return the statement that makes a sequence."""
    return f"CREATE SEQUENCE {name}"


def giving(name: str, column: str) -> str:
    """Return the statement that makes a column own a sequence, so that both are dropped together; both are SQL."""
    return f"ALTER SEQUENCE {name} OWNED BY {column}"
