"""Sequences from which columns take their defaults, as SERIAL makes them: made before the column, and gone with it.

A key needs none of it, since PostgreSQL is told to count it up.
"""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Column, Connection, DefaultClause, text
from sqlalchemy.sql.elements import TextClause

_NEXT = re.compile(r"nextval\('((?:[^']|'')+)'::regclass\)")
_EXISTS = text("SELECT to_regclass(:name) IS NOT NULL")


def new_sequences(columns: Iterable[Column[object]], connection: Connection | None) -> Iterator[tuple[str, str]]:
    """Yield the columns whose sequences are not there, with these, as SQL; without a connection all that have one."""
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
    """Return the statement that lets a sequence go with a column; both are SQL."""
    return f"ALTER SEQUENCE {name} OWNED BY {column}"
