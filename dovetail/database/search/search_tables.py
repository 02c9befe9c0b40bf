"""The statements behind a search index: columns of words on PostgreSQL, a table of FTS5 with its triggers on SQLite.

Both are made of one text, the expression that PostgreSQL indexes, which is what a migration names. So one file of
migrations makes the index on either database, and what a database has can be compared with what a model declares.
(https://www.postgresql.org/docs/current/textsearch.html, https://www.sqlite.org/fts5.html)
"""

import re
from collections.abc import Iterator
from unicodedata import category

from dovetail.database.search.documents import MARKS, Document, words_column

HALF_A_PAGE = 4080  # bytes, https://www.postgresql.org/docs/current/storage-toast.html
STEMMED = "english"  # the one language that FTS5 can reduce to stems as well
_CONTENT = re.compile(r"content=\"((?:[^\"]|\"\")*)\"")
_TABLE_OF_FTS5 = re.compile(r"^CREATE VIRTUAL TABLE .* USING fts5\((.*)\)$", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"\"((?:[^\"]|\"\")+)\"\s*,")


def read_table(sql: str) -> tuple[str, Document] | None:
    """The table that an FTS5 table stands beside, and its document; None for any other table of SQLite."""
    found, content = _TABLE_OF_FTS5.match(sql), _CONTENT.search(sql)
    if found is None or content is None:
        return None
    columns = tuple(name.replace('""', '"') for name in _NAME.findall(found[1].partition("content=")[0]))
    config = STEMMED if "porter" in found[1] else "simple"
    return content[1].replace('""', '"'), Document(columns, config)


def add_on_postgresql(table: str, document: Document) -> str | None:
    """The statement that gives a table, written as SQL, the columns of words that it lacks; None if there are none."""
    added = [
        f"ADD COLUMN IF NOT EXISTS {_quoted(words_column(column, document.config))} tsvector GENERATED ALWAYS AS "
        f"(to_tsvector('{document.config}'::regconfig, "
        f"regexp_replace(coalesce({_quoted(column)}, ''), '{MARKS}', ' ', 'g'))) STORED"
        for column in document.columns
        if column in document.stored
    ]
    # A text and its words of two kilobytes together would be compressed, which costs each reader of the text.
    return f"ALTER TABLE {table} {', '.join(added)}, SET (toast_tuple_target = {HALF_A_PAGE})" if added else None


def create_on_sqlite(name: str, table: str, key: str, document: Document) -> Iterator[str]:
    """The statements that make the FTS5 table called `name`, keep it in step with `table`, and fill it."""
    fts, of, key = _quoted(name), _quoted(table), _quoted(key)
    columns = ", ".join(_quoted(column) for column in document.columns)
    tokenizer = "unicode61 remove_diacritics 0"  # PostgreSQL keeps them
    if document.config == STEMMED:
        tokenizer = f"porter {tokenizer}"
    yield (
        f"CREATE VIRTUAL TABLE {fts} USING fts5({columns}, content={of}, content_rowid={key}, "
        f"tokenize='{tokenizer}', prefix='2 3')"
    )
    yield from _triggers(name, table, key, document)
    yield f"INSERT INTO {fts}({fts}) VALUES ('rebuild')"  # noqa: S608 - names, quoted


def drop_on_sqlite(name: str) -> Iterator[str]:
    """The statements that take it away again, or do nothing."""
    for event in ("insert", "delete", "update"):
        yield f"DROP TRIGGER IF EXISTS {_quoted(f'{name}_{event}')}"
    yield f"DROP TABLE IF EXISTS {_quoted(name)}"


def words_of(searched: str) -> list[str]:
    """The words of a text: letters, digits and marks, as both databases tell them from what stands in between."""
    kept = (one if category(one)[0] in "LNM" or category(one) == "Co" else " " for one in searched)
    return "".join(kept).split()


def _triggers(name: str, table: str, key: str, document: Document) -> Iterator[str]:
    # The rows stand in `table` only: FTS5 has to be told what a row was before it changed or went.
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
