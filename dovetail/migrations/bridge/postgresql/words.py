"""Create, change and drop the generated columns of words together with the search index and the texts they belong to.

`dovetail.database.search.documents` explains these columns.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Index, text

from dovetail.database.search.documents import column_of_words, words_column
from dovetail.database.search.search_tables import add_on_postgresql
from dovetail.migrations.bridge import search_indexes
from dovetail.migrations.bridge.postgresql.named_types import NamedTypesImpl

# One statement that looks at the database while it runs, so that it can be written to a file as well. No line ends in a
# semicolon: those who read such a file cut it there.
_DROP_UNUSED = """\
DO $$ DECLARE item record; BEGIN
FOR item IN SELECT attrelid::regclass AS relation, attname AS name FROM pg_attribute
  WHERE attrelid = to_regclass('{table}') AND attgenerated = 's' AND atttypid = 'tsvector'::regtype
  AND attname ~ '.__\\w+_words$' AND NOT EXISTS (SELECT 1 FROM pg_depend JOIN pg_class ON pg_class.oid = objid
  AND relkind = 'i' WHERE classid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum)
  LOOP EXECUTE format('ALTER TABLE %s DROP COLUMN %I, RESET (toast_tuple_target)', item.relation, item.name)
  ; END LOOP; \
END $$"""
_WORDS = text(r"""
SELECT attname AS name, pg_get_expr(adbin, adrelid) AS expression, ARRAY(
  SELECT DISTINCT pg_get_indexdef(objid) FROM pg_depend JOIN pg_class ON pg_class.oid = objid AND relkind = 'i'
  WHERE classid = 'pg_class'\:\:regclass AND refobjid = attrelid AND refobjsubid = attnum
) AS indexes
FROM pg_attribute JOIN pg_attrdef ON attrelid = adrelid AND attnum = adnum
WHERE attrelid = to_regclass(:table) AND attgenerated = 's' AND atttypid = 'tsvector'\:\:regtype ORDER BY attnum
""")


class WordsImpl(NamedTypesImpl):
    """Creates columns of words before the index that uses them, and drops them after it or with their text columns."""

    def create_index(self, index: Index, **kw: object) -> None:
        """Create an index, after the columns of words that it uses."""
        document = search_indexes.document_of(index)
        if document is not None and (statement := add_on_postgresql(self._table_of(index), document)) is not None:
            self._run(statement)
        super().create_index(index, **kw)

    def drop_index(self, index: Index, **kw: object) -> None:
        """Drop an index, and the columns of words that no other index uses."""
        super().drop_index(index, **kw)
        if search_indexes.may_be_search_index(index) or str(index.name).endswith("_search"):
            self._run(_DROP_UNUSED.format(table=self._table_of(index).replace("'", "''")))

    def drop_column(self, table_name: str, column: Column[object], *, schema: str | None = None, **kw: object) -> None:
        """Drop a column, after its column of words."""
        table = self._sql_name(table_name, schema)
        for words in self._words_of(table, column.name):
            self._run(f"ALTER TABLE {table} DROP COLUMN {self._sql_name(words.name)}, RESET (toast_tuple_target)")
        super().drop_column(table_name, column, schema=schema, **kw)

    def alter_column(
        self, table_name: str, column_name: str, *, name: str | None = None, schema: str | None = None, **kw: object
    ) -> None:
        """Change a column; its column of words is renamed with it, and created again if its type changes."""
        table = self._sql_name(table_name, schema)
        with self._put_aside(self._words_of(table, column_name) if kw.get("type_") is not None else [], table):
            super().alter_column(table_name, column_name, schema=schema, **kw)
        if name is None:
            return
        found = self._words_of(table, column_name)
        super().alter_column(table_name, column_name, name=name, schema=schema)
        for words in found:
            new = self._sql_name(words_column(name, words.config))
            self._run(f"ALTER TABLE {table} RENAME COLUMN {self._sql_name(words.name)} TO {new}")

    @contextmanager
    def _put_aside(self, found: "list[_Words]", table: str) -> Iterator[None]:
        """Drop columns of words and their indexes for the block, and create them again after it.

        PostgreSQL cannot change the type of a column that a generated column uses.
        """
        for one in found:
            self._run(f"ALTER TABLE {table} DROP COLUMN {self._sql_name(one.name)}")
        yield
        for one in found:
            added = f"{self._sql_name(one.name)} tsvector GENERATED ALWAYS AS ({one.expression}) STORED"
            self._run(f"ALTER TABLE {table} ADD COLUMN {added}")
        for statement in dict.fromkeys(statement for one in found for statement in one.indexes):
            self._run(statement)

    def _words_of(self, table: str, column: str) -> "list[_Words]":
        """Return the columns of words of one; none are known where SQL is written for a database that is not there."""
        return [] if self.as_sql else [one for one in _words(self._connection, table) if one.column == column]

    def _table_of(self, index: Index) -> str:
        table = index.table
        assert table is not None  # noqa: S101 - an operation names it
        return self._sql_name(table.name, table.schema)


@dataclass(frozen=True, kw_only=True)
class _Words:
    """A column of words as a database has it, with the statements that make the indexes that read it."""

    name: str
    column: str
    config: str
    expression: str
    indexes: tuple[str, ...]


def _words(connection: Connection, table: str) -> Iterator[_Words]:
    for row in connection.execute(_WORDS, {"table": table}):
        if (of := column_of_words(str(row.name))) is not None:
            yield _Words(
                name=str(row.name),
                column=of[0],
                config=of[1],
                expression=str(row.expression),
                indexes=tuple(row.indexes),
            )
