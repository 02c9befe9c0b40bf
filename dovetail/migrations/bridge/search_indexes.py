"""Search indexes in migrations: read them from a database, and create, keep and drop them on SQLite.

A migration names the index of PostgreSQL, `create_index("ix_blog_post_search", [...], postgresql_using="gin")`; on
SQLite a table of FTS5 with three triggers stands for it (`dovetail.database.search.search_tables`), and PostgreSQL has
columns of words that belong to it (`dovetail.database.search.documents`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Index, MetaData, Table, Text

from dovetail.database.search.documents import Document, column_of_words, read_expression, stored_columns
from dovetail.database.search.search_tables import create_on_sqlite, drop_on_sqlite, read_table

Rows = Callable[..., list[Any]]
_TABLES = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'"


def document_of(index: Index) -> Document | None:
    """Return the document that a search index searches; None for any other index."""
    known = index.info.get("search")
    if isinstance(known, Document):
        return known
    expressions = list(index.expressions)
    return read_expression(str(expressions[0])) if len(expressions) == 1 else None


def may_be_search_index(index: Index) -> bool:
    """Return True if an index may be a search index by its name: SQLite has no other indexes of that kind."""
    return bool(index.dialect_options["postgresql"]["using"] == "gin")


def is_of_words(column: object) -> bool:
    """Return True for a column of words, which belongs to the index that reads it and is in no model."""
    return isinstance(column, Column) and column.computed is not None and column_of_words(column.name) is not None


def remove_equal_indexes(found: set[Index], declared: set[Index]) -> None:
    """Take search indexes that are in the database as they are declared out of both."""
    there = {str(index.name): (index, document_of(index)) for index in found}
    for index in list(declared):
        document = document_of(index)
        if document is not None and document.is_kept_as(there.get(str(index.name), (None, None))[1]):
            declared.discard(index)
            found.discard(there[str(index.name)][0])


def indexes_on_sqlite(rows: Rows, table: str) -> Iterator[Index]:
    """Return the search indexes of a table, as PostgreSQL would have them."""
    for name, document in _beside(rows, table):
        stand_in = Table(table, MetaData(), *(Column(one, Text) for one in document.columns))
        expression = document.expression([stand_in.columns[one] for one in document.columns])
        yield Index(name, expression, postgresql_using="gin", info={"search": document})


def creating(index: Index, document: Document, rows: Rows | None) -> Iterable[str]:
    """Return the statements that make the index on SQLite."""
    table = index.table
    assert table is not None  # noqa: S101 - an operation names it
    # An operation knows the table by name only.
    known = None if rows is None else rows("SELECT name FROM pragma_table_info(:table) WHERE pk = 1", table=table.name)
    key = known[0].name if known else next(iter(table.primary_key.columns.keys()), "id")
    return create_on_sqlite(str(index.name), table.name, key, document)


def dropping_all(rows: Rows, table: str) -> Iterator[str]:
    """Return the statements that drop the search indexes of a table that is about to be dropped."""
    for name, _ in _beside(rows, table):
        yield from drop_on_sqlite(name)


def moving(rows: Rows, old_table: str, new_table: str) -> Iterator[str]:
    """Return the statements that give a renamed table its search indexes again, under its new name."""
    for name, document in _beside(rows, old_table):
        yield from drop_on_sqlite(name)
        new_name = f"ix_{new_table}_search" if name == f"ix_{old_table}_search" else name
        (key,) = [row.name for row in rows("SELECT name FROM pragma_table_info(:table) WHERE pk = 1", table=new_table)]
        yield from create_on_sqlite(new_name, new_table, key, document)


def _beside(rows: Rows, table: str) -> list[tuple[str, Document]]:
    found = [(str(row.name), read_table(str(row.sql))) for row in rows(_TABLES)]
    return [(name, _as_on_postgresql(rows, table, known[1])) for name, known in found if known and known[0] == table]


def _as_on_postgresql(rows: Rows, table: str, document: Document) -> Document:
    """Return the document with the columns whose words PostgreSQL would store."""
    types = {row.name: row.type for row in rows("SELECT name, type FROM pragma_table_info(:table)", table=table)}
    lengths = [(name, _length(str(types.get(name)))) for name in document.columns]
    return replace(document, stored=stored_columns(lengths, document.config))


def _length(kind: str) -> int | None:
    found = re.search(r"\((\d+)\)", kind)
    return int(found[1]) if found else None
