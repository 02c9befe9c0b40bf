"""Read from the ledger which revisions are applied, over any connection, and of an SQLite file without SQLAlchemy.

Listing migrations, or finding that none waits, takes less time than importing SQLAlchemy.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dovetail.plugin import Execute
from dovetail.settings import Settings

LEDGER_NAME = "dovetail_migration"
VERSIONS_NAME = "alembic_version"  # the tips of the graph, as Alembic keeps them
UNDEFINED_TABLE = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html

_ROWS = f"SELECT revision, plugin, down_revisions, depends_on, applied_at FROM {LEDGER_NAME} ORDER BY id"  # noqa: S608 - both names are ours
_TIPS = f"SELECT version_num FROM {VERSIONS_NAME}"  # noqa: S608 - both names are ours
_FILE = re.compile(r"sqlite\+aiosqlite:///([^?#:]+)")  # no database in memory, and no options

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Applied:
    """An applied revision: a row of the ledger."""

    revision: str
    plugin: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    applied_at: datetime


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The ledger, and the tips of the graph as Alembic keeps them."""

    rows: Sequence[Applied]
    tips: frozenset[str]


def read_rows(execute: Execute) -> list[Applied] | None:
    """Return the applied revisions in the order in which they were applied; None if there is no ledger yet.

    On PostgreSQL the transaction is then of no more use.
    """
    found = _rows_of(execute, _ROWS)
    return None if found is None else [_applied(*row) for row in found]


def read_heads(execute: Execute) -> frozenset[str] | None:
    """Return the revisions in Alembic's own table; None if there is no such table yet, as `read_rows` does."""
    found = _rows_of(execute, _TIPS)
    return None if found is None else frozenset(str(tip) for (tip,) in found)


def read_recorded_by(execute: Execute) -> Recorded | None:
    """Return what both tables hold; None if one is missing."""
    rows = read_rows(execute)
    tips = None if rows is None else read_heads(execute)
    return None if rows is None or tips is None else Recorded(rows=rows, tips=tips)


def read_file(settings: Settings, read: Callable[[Execute], T]) -> T | None:
    """Return what `read` finds in an SQLite file with Python's own driver.

    Return None if that needs SQLAlchemy: for PostgreSQL, and for a file that is missing or in trouble.
    """
    found = _FILE.fullmatch(settings.database_url.get_secret_value())
    path = (settings.base_dir / found[1]).resolve() if found else None
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return read(connection.execute)
    except sqlite3.Error:
        return None  # SQLAlchemy asks again, and its caller says what is wrong


def _rows_of(execute: Execute, query: str) -> list[Sequence[object]] | None:
    try:
        return list(execute(query))
    except Exception as error:
        if _is_missing_table(error):
            return None
        raise


def _is_missing_table(error: Exception) -> bool:
    driver_error = getattr(error, "orig", error)  # SQLAlchemy wraps it
    return getattr(driver_error, "sqlstate", None) == UNDEFINED_TABLE or "no such table" in str(driver_error)


def _applied(revision: object, plugin: object, down_revisions: object, depends_on: object, at: object) -> Applied:
    return Applied(
        revision=str(revision),
        plugin=str(plugin),
        down_revisions=tuple(json.loads(str(down_revisions))),
        depends_on=tuple(json.loads(str(depends_on))),
        applied_at=at if isinstance(at, datetime) else datetime.fromisoformat(str(at)),  # SQLite keeps a text
    )
