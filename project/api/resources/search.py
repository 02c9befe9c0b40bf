"""`search=`: every word typed must be found somewhere, by LIKE or, where a resource asks for it, as full text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Index,
    String,
    bindparam,
    false,
    func,
    inspect,
    literal_column,
    or_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, TypeEngine

from project.api.resources.lookups import ESCAPE
from project.api.resources.paths import Criteria, Path, resolve
from project.api.resources.scope import Scope
from project.errors import ConfigurationError


@dataclass(frozen=True)
class Search:
    """Looks for a text in some columns, whatever the case (on SQLite, of ASCII letters); wildcards mean themselves."""

    paths: tuple[Path, ...] = ()

    def condition(self, scope: Scope) -> ColumnElement[bool]:
        """Which rows match the placeholder `search`, without looking where the viewer may not."""
        pattern = bindparam("search", type_=String())
        visible = [path for path in self.paths if not scope.hides(path.field)]
        return or_(false(), *(path.where(lambda c: c.ilike(pattern, escape=ESCAPE), scope.related) for path in visible))


@dataclass(frozen=True)
class FullText:
    """What a resource declares to be searched as full text on PostgreSQL, best matches first; on SQLite by LIKE.

        search=FullText("title", "content", config="english")

    Give the table the index of `FullText.index`, and make a migration of it.
    (https://www.postgresql.org/docs/current/textsearch.html)
    """

    columns: tuple[str, ...]
    config: str = "simple"

    def __init__(self, *columns: str, config: str = "simple") -> None:
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "config", config)

    def index(self, model: type[Any]) -> Index:
        """The GIN index that makes it fast; it exists on PostgreSQL only."""
        name = f"ix_{inspect(model).local_table.name}_search"
        document = self.document([getattr(model, column) for column in self.columns])
        return Index(name, document, postgresql_using="gin").ddl_if(dialect="postgresql")

    def document(self, columns: Sequence[Any]) -> ColumnElement[Any]:
        """The words of a row, as the index holds them."""
        text: Any = func.coalesce(columns[0], literal_column("''"))
        for column in columns[1:]:
            text = text + literal_column("' '") + func.coalesce(column, literal_column("''"))
        return func.to_tsvector(literal_column(f"'{self.config}'::regconfig"), text)


@dataclass(frozen=True)
class FullTextSearch(Search):
    """Full text on PostgreSQL, LIKE on SQLite."""

    declared: FullText = field(default_factory=FullText)

    def condition(self, scope: Scope) -> ColumnElement[bool]:
        """Which rows match. Nobody from whom a column is hidden can search, for it is part of what is searched."""
        if any(scope.hides(path.field) for path in self.paths):
            return false()
        return _Matches(self._document(), self._query(), super().condition(scope))

    def rank(self) -> "Rank":
        """How well a row matches."""
        return Rank(self)

    def _document(self) -> ColumnElement[Any]:
        return self.declared.document([path.attribute for path in self.paths])

    def _query(self) -> ColumnElement[Any]:
        words = bindparam("words", type_=String())
        return func.websearch_to_tsquery(literal_column(f"'{self.declared.config}'::regconfig"), words)


RANK_TYPE = Float(53)


@dataclass(frozen=True)
class Rank:
    """Stands where a Path stands in an ordering."""

    search: FullTextSearch
    name: str = "rank"
    field: str = "rank"
    relations: tuple[Any, ...] = ()
    type: TypeEngine[Any] = RANK_TYPE
    is_nullable: bool = False

    def value(self, visible: Criteria) -> ColumnElement[Any]:  # noqa: ARG002 - the signature is Path's
        """The rank on PostgreSQL, 0 on SQLite."""
        return _Rank(self.search._document(), self.search._query())  # noqa: SLF001 - one idea in two classes


class _Matches(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Rank(FunctionElement[float]):
    type = Float(53)
    inherit_cache = True


def declare(model: type[Any], declared: Sequence[str] | FullText) -> Search:
    """The search that a resource declares. Raises ConfigurationError for a column that is none, or not a text."""
    names = declared.columns if isinstance(declared, FullText) else declared
    paths = tuple(resolve(model, name) for name in names)
    for path in paths:
        if not isinstance(path.type, String):
            raise ConfigurationError(f"cannot search {path.name!r}: it is not a text")
    if not isinstance(declared, FullText):
        return Search(paths)
    if not declared.config.isidentifier() or any(path.relations for path in paths) or not paths:
        raise ConfigurationError("full text is searched in columns of the model itself, with a named configuration")
    return FullTextSearch(paths, declared)


@compiles(_Matches, "postgresql")
def _postgresql_matches(element: _Matches, compiler: SQLCompiler, **kwargs: Any) -> str:
    document, query, _ = element.clauses
    return f"({compiler.process(document, **kwargs)} @@ {compiler.process(query, **kwargs)})"


@compiles(_Matches, "sqlite")
def _sqlite_matches(element: _Matches, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(list(element.clauses)[2], **kwargs)


@compiles(_Rank, "postgresql")
def _postgresql_rank(element: _Rank, compiler: SQLCompiler, **kwargs: Any) -> str:
    document, query = element.clauses
    rank = f"ts_rank({compiler.process(document, **kwargs)}, {compiler.process(query, **kwargs)})"
    return f"CAST({rank} AS DOUBLE PRECISION)"


@compiles(_Rank, "sqlite")
def _sqlite_rank(element: _Rank, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ARG001 - SQLAlchemy's signature
    return "0.0"
