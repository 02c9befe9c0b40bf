"""The statements behind a full-text index: generated columns on PostgreSQL, an FTS5 table with triggers on SQLite.

Both derive from the expression that PostgreSQL indexes, which migrations contain. So one migration file creates the
index on either database, and the index in a database can be compared with the one that a model declares.
(https://www.postgresql.org/docs/current/textsearch.html, https://www.sqlite.org/fts5.html)
"""

import re
from collections.abc import Iterator
from unicodedata import category

from dovetail.database.search.documents import MARKS, Document, words_column

HALF_A_PAGE = 4080  # bytes, https://www.postgresql.org/docs/current/storage-toast.html
STEMMED = "english"  # the only language for which FTS5 has a stemmer, too
_CONTENT = re.compile(r"content=\"((?:[^\"]|\"\")*)\"")
_TABLE_OF_FTS5 = re.compile(r"^CREATE VIRTUAL TABLE .* USING fts5\((.*)\)$", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"\"((?:[^\"]|\"\")+)\"\s*,")


def read_table(sql: str) -> tuple[str, Document] | None:
    """Return the table that an FTS5 table indexes, and its document, from its SQL; None for any other table."""
    found, content = _TABLE_OF_FTS5.match(sql), _CONTENT.search(sql)
    if found is None or content is None:
        return None
    columns = tuple(name.replace('""', '"') for name in _NAME.findall(found[1].partition("content=")[0]))
    config = STEMMED if "porter" in found[1] else "simple"
    return content[1].replace('""', '"'), Document(columns, config)


def add_on_postgresql(table: str, document: Document) -> str | None:
    """Return the statement that adds the missing columns of words to a table, given as quoted SQL; None if none."""
    added = [
        f"ADD COLUMN IF NOT EXISTS {_quoted(words_column(column, document.config))} tsvector GENERATED ALWAYS AS "
        f"(to_tsvector('{document.config}'::regconfig, "
        f"regexp_replace(coalesce({_quoted(column)}, ''), '{MARKS}', ' ', 'g'))) STORED"
        for column in document.columns
        if column in document.stored
    ]
    # By default PostgreSQL compresses rows from two kilobytes on, which would slow down every read of the text.
    return f"ALTER TABLE {table} {', '.join(added)}, SET (toast_tuple_target = {HALF_A_PAGE})" if added else None


def create_on_sqlite(name: str, table: str, key: str, document: Document) -> Iterator[str]:
    """Yield the statements that create and fill the FTS5 table `name`, and the triggers that keep it up to date."""
    fts, of, key = _quoted(name), _quoted(table), _quoted(key)
    columns = ", ".join(_quoted(column) for column in document.columns)
    tokenizer = "unicode61 remove_diacritics 0"  # as PostgreSQL, which keeps diacritics
    if document.config == STEMMED:
        tokenizer = f"porter {tokenizer}"
    yield (
        f"CREATE VIRTUAL TABLE {fts} USING fts5({columns}, content={of}, content_rowid={key}, "
        f"tokenize='{tokenizer}', prefix='2 3')"
    )
    yield from _triggers(name, table, key, document)
    yield f"INSERT INTO {fts}({fts}) VALUES ('rebuild')"  # noqa: S608 - names, quoted


def drop_on_sqlite(name: str) -> Iterator[str]:
    """Yield the statements that drop the FTS5 table and its triggers, if they exist."""
    for event in ("insert", "delete", "update"):
        yield f"DROP TRIGGER IF EXISTS {_quoted(f'{name}_{event}')}"
    yield f"DROP TABLE IF EXISTS {_quoted(name)}"


def words_of(searched: str) -> list[str]:
    """Return the words of a text, split as both databases do: letters, digits and combining marks form words."""
    kept = (one if category(one)[0] in "LNM" or category(one) == "Co" else " " for one in searched)
    return "".join(kept).split()


def _triggers(name: str, table: str, key: str, document: Document) -> Iterator[str]:
    # The FTS5 table stores no texts (external content), so it needs the old texts of a changed or deleted row.
    fts, of = _quoted(name), _quoted(table)
    columns = ", ".join(_quoted(column) for column in document.columns)
    old, new = (", ".join(f"{row}.{_quoted(column)}" for column in document.columns) for row in ("old", "new"))
    gone = f"INSERT INTO {fts}({fts}, rowid, {columns}) VALUES ('delete', old.{key}, {old});"  # noqa: S608 - names, quoted
    come = f"INSERT INTO {fts}(rowid, {columns}) VALUES (new.{key}, {new});"  # noqa: S608 - as above
    changed = f"UPDATE OF {key}, {columns}"
    for event, when, what in (
        ("insert", "INSERT", come),
        ("delete", "DELETE", gone),
        ("update", changed, f"{gone} {come}"),
    ):
        yield f"CREATE TRIGGER {_quoted(f'{name}_{event}')} AFTER {when} ON {of} BEGIN {what} END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
