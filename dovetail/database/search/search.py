"""Full-text search by an index: tsvector on PostgreSQL, FTS5 on SQLite, with the same results.

    POST_TEXT = FullText("title", "content")
    POST_TEXT.index(Post)  # below the model; makemigrations makes it on both databases

    statement = select(Post).where(POST_TEXT.matches(Post, "hello wor"))

Every word of the query has to be the beginning of a word in the columns, ignoring case: `hello wor` finds "Hello,
world". The query has no operators.
"""

from dataclasses import dataclass

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Float,
    Index,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    column,
    event,
    inspect,
    literal_column,
    select,
    table,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from dovetail.database.search.documents import Document, stored_columns
from dovetail.database.search.search_tables import add_on_postgresql, create_on_sqlite, drop_on_sqlite, words_of
from dovetail.database.search.selective_conditions import Condition, SelectiveCondition
from dovetail.errors import ConfigurationError

LONGEST_SEARCH = 200  # characters of a query; the rest is ignored


@dataclass(frozen=True)
class FullText:
    """Columns of a model whose words are searched by an index.

    `config` is a text search configuration of PostgreSQL: `simple` uses words as they are, `english` their stems, on
    SQLite too; any other means `simple` there. With `ranked`, a resource lists the best matches first, which requires
    ranking all of them; without it they come in the list's own order.
    """

    columns: tuple[str, ...]
    config: str = "simple"
    ranked: bool = False

    def __init__(self, *columns: str, config: str = "simple", ranked: bool = False) -> None:
        if not columns or not config.isidentifier():
            raise ConfigurationError(
                f"full text of the columns {columns} with config={config!r}: expected the names of one column or more, "
                "and the name of a text search configuration, such as 'simple'"
            )
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "config", config)
        object.__setattr__(self, "ranked", ranked)

    def index(self, model: type[object]) -> Index:
        """Add the index to the model's table. Raise ConfigurationError if the columns cannot be searched."""
        document, owner = self.document(model), inspect(model).local_table
        (key,) = inspect(model).primary_key
        name = index_name(model)
        expression = document.expression([owner.columns[one] for one in document.columns])
        found = Index(name, expression, postgresql_using="gin", info={"search": document})
        found.ddl_if(callable_=lambda *_, **__: False)  # `create` below does it for create_all

        def create(_table: Table, connection: Connection, **_: object) -> None:
            if connection.dialect.name == "postgresql":
                table = connection.dialect.identifier_preparer.format_table(owner)
                if (statement := add_on_postgresql(table, document)) is not None:
                    connection.exec_driver_sql(statement)
                connection.execute(CreateIndex(found))
            if connection.dialect.name == "sqlite":
                for statement in create_on_sqlite(name, owner.name, key.name, document):
                    connection.exec_driver_sql(statement)

        def drop(_table: Table, connection: Connection, **_: object) -> None:
            if connection.dialect.name == "sqlite":
                for statement in drop_on_sqlite(name):
                    connection.exec_driver_sql(statement)

        event.listen(owner, "after_create", create)
        event.listen(owner, "before_drop", drop)
        return found

    def document(self, model: type[object]) -> Document:
        """Return the indexed document. Raise ConfigurationError for a name that is no text column of the model."""
        mapper = inspect(model)
        for name in self.columns:
            if name not in mapper.columns:
                known = ", ".join(sorted(mapper.columns.keys()))
                raise ConfigurationError(
                    f"cannot search {name!r}: full text is searched in columns of the model itself, expected some of "
                    f"{known}"
                )
            if not isinstance(mapper.columns[name].type, String):
                raise ConfigurationError(f"cannot search {name!r}: it is not a text")
        if len(mapper.primary_key) != 1 or not isinstance(mapper.primary_key[0].type, Integer):
            raise ConfigurationError(
                f"{model.__name__} needs a primary key that is a number, for its words to be searched"
            )
        columns = [mapper.columns[name] for name in self.columns]
        stored = stored_columns(((one.name, one.type.length) for one in columns), self.config)
        return Document(tuple(one.name for one in columns), self.config, stored=stored)

    def is_indexed(self, model: type[object]) -> bool:
        """Return True if the model has the index, without which a search on SQLite fails."""
        wanted = self.document(model)
        return any(index.info.get("search") == wanted for index in inspect(model).local_table.indexes)

    def matches(self, model: type[object], words: str | BindParameter[str]) -> ColumnElement[bool]:
        """Return the condition that a row contains every word of a text, or of a placeholder of the type `Words`."""
        query = words if isinstance(words, BindParameter) else bindparam(None, words[:LONGEST_SEARCH], type_=Words())
        (key,) = inspect(model).primary_key
        matches = _Matches(self._expression(model), query, key, _config(self), _name(model))

        def keys(dialect: Dialect) -> Select[object]:
            if dialect.name == "postgresql":
                return select(key).where(matches).correlate(None)
            name = index_name(model)
            return select(column("rowid")).select_from(table(name)).where(_name(model).op("MATCH")(query))

        return SelectiveCondition(matches, keys, is_costly=True)

    def rank(self, model: type[object], words: BindParameter[str]) -> ColumnElement[float]:
        """Return the expression for the rank of a row for these words; 0 if it does not match."""
        (key,) = inspect(model).primary_key
        return _Rank(self._expression(model), words, key, _config(self), _name(model))

    def _expression(self, model: type[object]) -> ColumnElement[object]:
        return self.document(model).expression([getattr(model, name) for name in self.columns])


class Words(TypeDecorator[str]):
    """A search text, converted to each database's query language; every word is a prefix."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        """Return `'hello':* & 'wor':*` for PostgreSQL, `"hello"* "wor"*` for FTS5."""
        words = words_of((value or "")[:LONGEST_SEARCH])
        if dialect.name == "postgresql":
            return " & ".join(f"'{word}':*" for word in words)
        return " ".join(f'"{word}"*' for word in words) or '""'  # an empty query is an error in FTS5


class _Matches(Condition):
    """The match condition, made of document, query, primary key, configuration and name of the FTS5 table."""

    inherit_cache = True


class _Rank(FunctionElement[float]):
    """The rank of a match, made of the same parts."""

    type = Float(53)
    inherit_cache = True


def index_name(model: type[object]) -> str:
    """Return the name of the index, which on SQLite is that of the FTS5 table."""
    return f"ix_{inspect(model).local_table.name}_search"


def _config(search: FullText) -> ColumnElement[object]:
    return literal_column(f"'{search.config}'::regconfig")


def _name(model: type[object]) -> ColumnElement[object]:
    return literal_column('"' + index_name(model).replace('"', '""') + '"')


@compiles(_Matches, "postgresql")
def _postgresql_matches(element: _Matches, compiler: SQLCompiler, **kwargs: object) -> str:
    document, query, _, config, _ = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"(({document}) @@ to_tsquery({config}, {query}))"


@compiles(_Matches, "sqlite")
def _sqlite_matches(element: _Matches, compiler: SQLCompiler, **kwargs: object) -> str:
    _, query, key, _, name = element.clauses
    write = compiler.process
    fts = write(name, **kwargs)
    found = f"SELECT rowid FROM {fts} WHERE {fts} MATCH {write(query, **kwargs)}"  # noqa: S608 - a name and a placeholder
    return f"(+{write(key, **kwargs)} IN ({found}))"  # the + keeps SQLite from using this for a lookup by key


@compiles(_Rank, "postgresql")
def _postgresql_rank(element: _Rank, compiler: SQLCompiler, **kwargs: object) -> str:
    document, query, _, config, _ = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"CAST(ts_rank({document}, to_tsquery({config}, {query})) AS DOUBLE PRECISION)"


@compiles(_Rank, "sqlite")
def _sqlite_rank(element: _Rank, compiler: SQLCompiler, **kwargs: object) -> str:
    _, query, key, _, name = (compiler.process(clause, **kwargs) for clause in element.clauses)
    found = f"SELECT -bm25({name}) FROM {name} WHERE {name} MATCH {query} AND rowid = {key}"  # noqa: S608 - as above
    return f"coalesce(({found}), 0.0)"
