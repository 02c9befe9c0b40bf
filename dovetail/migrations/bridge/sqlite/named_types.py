"""Record which enums and domains columns have on PostgreSQL, since SQLite stores text without the labels.

They are recorded for a connection as its migrations run. makemigrations runs all migrations on a new database, and so
sees every change of labels. Nothing is known of tables that existed before, or that a migration's own SQL created.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Dialect, Enum
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from dovetail.migrations.bridge.postgresql.types import labels, named_types

_KEY = "dovetail_named_types"  # in what SQLAlchemy keeps for a connection
_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's


@dataclass(frozen=True)
class _Known:
    labels: list[object]
    type: object  # as a migration wrote it; None if it is neither enum nor domain


class NamedTypes:
    """The types of columns that migrations made on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._tables: dict[str, dict[str, _Known]] = connection.info.setdefault(_KEY, {})

    def add_table(self, name: str, columns: Iterable[Column[object]]) -> None:
        """Record a created table."""
        self._tables[name] = {column.name: _known(column.type) for column in columns}

    def add_column(self, table: str, column: Column[object]) -> None:
        """Record an added column."""
        if table in self._tables:
            self._tables[table][column.name] = _known(column.type)

    def rename_table(self, old: str, new: str) -> None:
        """Record the new name of a table."""
        if old in self._tables:
            self._tables[new] = self._tables.pop(old)

    def rename_column(self, table: str, old: str, new: str) -> None:
        """Record the new name of a column."""
        columns = self._tables.get(table, {})
        if old in columns:
            columns[new] = columns.pop(old)

    def forget(self, table: str) -> None:
        """Forget a dropped table."""
        self._tables.pop(table, None)

    def type_of(self, table: str, column: str) -> object:
        """Return the type that was given to a column; None if it is no enum or domain, or not known."""
        found = self._tables.get(table, {}).get(column)
        return found.type if found is not None else None

    def differ(self, table: str, column: str, wanted: TypeEngine[object]) -> bool:
        """Return True if a column is known, and the enums or domains that it has are not those of `wanted`."""
        found = self._tables.get(table, {}).get(column)
        return found is not None and found.labels != _labels(wanted)


def _known(given: TypeEngine[object]) -> _Known:
    found = _labels(given)
    return _Known(found, _without_check(given) if found else None)


def _without_check(found: TypeEngine[object]) -> object:
    if isinstance(found, Enum) and found.create_constraint:  # SQLite's CHECK, which is read back by itself
        return Enum(*found.enums, name=found.name, schema=found.schema, length=found.length)
    return found


def _labels(found: TypeEngine[object]) -> list[object]:
    return [labels(each) for each in named_types(found, _POSTGRESQL)]
