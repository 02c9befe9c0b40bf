"""Rename the indexes and constraints with a table's name when the table is renamed on SQLite."""

import re
from collections.abc import Callable, Iterator

from dovetail.migrations.bridge.alembic_private import BATCH_PREFIX
from dovetail.migrations.bridge.sqlite.keys import keeping_count

Rows = Callable[..., list[tuple[str, ...]]]  # runs a SELECT, with parameters by name


def renaming_statements(rows: Rows, old: str, new: str) -> Iterator[str]:
    """Return the statements that rename what bears the name of a table that was just renamed from `old` to `new`.

    SQLite can rename no constraint, so a table that has one is made anew with the same text but for the names; foreign
    keys must be off.
    """
    for name, sql in rows("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"):
        renamed = _with_new_names(sql, name, old, new)
        if renamed != sql:
            yield from _made_anew(rows, name, renamed, old, new)
        elif name == new:
            for index, text in _indexes(rows, name):
                if (other := _index_with_new_name(text, old, new)) != text:
                    yield from (f'DROP INDEX "{index}"', other)


def _with_new_names(sql: str, table: str, old: str, new: str) -> str:
    old = re.escape(old)
    if table == new:
        sql = re.sub(rf'(\bCONSTRAINT "?(?:ck|fk|pk|uq)_){old}(?=_|"|\s)', rf"\g<1>{new}", sql)
    to_it = rf'(\bCONSTRAINT "?fk_\w+?_){old}(?="?\s+FOREIGN KEY\s*\([^)]*\)\s*REFERENCES "?{new}"?[\s(])'
    return re.sub(to_it, rf"\g<1>{new}", sql)


def _made_anew(rows: Rows, table: str, sql: str, old: str, new: str) -> Iterator[str]:
    temporary = f"{BATCH_PREFIX}{table}"
    columns = ", ".join(
        f'"{name}"' for (name,) in rows("SELECT name FROM pragma_table_xinfo(:t) WHERE hidden = 0", t=table)
    )
    indexes = [text for _, text in _indexes(rows, table)]
    triggers = rows("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t", t=table)
    yield re.sub(rf'^CREATE TABLE\s+"?{table}"?', f'CREATE TABLE "{temporary}"', sql)
    count = list(keeping_count(rows, table))
    yield f'INSERT INTO "{temporary}" ({columns}) SELECT {columns} FROM "{table}"'  # noqa: S608 - names of the schema
    yield f'DROP TABLE "{table}"'
    yield "PRAGMA legacy_alter_table=on"  # what refers to the table goes on doing so
    yield f'ALTER TABLE "{temporary}" RENAME TO "{table}"'
    yield "PRAGMA legacy_alter_table=off"
    yield from (_index_with_new_name(text, old, new) if table == new else text for text in indexes)
    yield from (text for (text,) in triggers)
    yield from count


def _indexes(rows: Rows, table: str) -> list[tuple[str, ...]]:
    wanted = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :t AND sql IS NOT NULL"
    return rows(wanted, t=table)


def _index_with_new_name(sql: str, old: str, new: str) -> str:
    return re.sub(rf'^(CREATE (?:UNIQUE )?INDEX "?(?:ix|uq)_){re.escape(old)}(?=_|"|\s)', rf"\g<1>{new}", sql)
