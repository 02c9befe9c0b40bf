"""The parameter `search=` of a list: by LIKE, or by a full-text index if the resource declares one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, String, bindparam, false, or_
from sqlalchemy.types import TypeEngine

from dovetail.database.search.search import FullText, Words
from dovetail.errors import ConfigurationError
from dovetail.resources.query.filters import ESCAPE
from dovetail.resources.query.paths import Criteria, Path, resolve, resolve_compared
from dovetail.resources.visibility import Visibility

WORDS = bindparam("words", type_=Words())


@dataclass(frozen=True)
class Search:
    """Looks for a text in some columns, ignoring case (on SQLite, of ASCII letters alone); wildcards are escaped."""

    paths: tuple[Path, ...] = ()

    def condition(self, visibility: Visibility) -> ColumnElement[bool]:
        """Return the condition that a row matches the placeholder `search` in a column that the viewer may see."""
        pattern = bindparam("search", type_=String())
        visible = [path for path in self.paths if not visibility.hides(path.field)]
        return or_(
            false(), *(path.where(lambda c: c.ilike(pattern, escape=ESCAPE), visibility.related) for path in visible)
        )


@dataclass(frozen=True, kw_only=True)
class FullTextSearch(Search):
    """Looks for words by the full-text index `declared` of `model`."""

    model: type[object]
    declared: FullText

    def condition(self, visibility: Visibility) -> ColumnElement[bool]:
        """Return the condition that a row matches; no row does for a viewer from whom one of the columns is hidden."""
        if any(visibility.hides(path.field) for path in self.paths):
            return false()
        return self.declared.matches(self.model, WORDS)

    def rank(self) -> "Rank":
        """Return the rank of a row, as something to order by."""
        return Rank(self)


RANK_TYPE = Float(53)


@dataclass(frozen=True)
class Rank:
    """The rank of a row in place of a Path, in a term of an order."""

    search: FullTextSearch
    name: str = "rank"
    field: str = "rank"
    relations: tuple[object, ...] = ()
    type: TypeEngine[Any] = RANK_TYPE
    is_nullable: bool = False
    column: None = None

    def value(self, visible: Criteria) -> ColumnElement[float]:  # noqa: ARG002 - the signature is Path's
        """Return the rank as an expression."""
        return self.search.declared.rank(self.search.model, WORDS)


def declared_search(model: type[object], declared: Sequence[str] | FullText) -> Search:
    """Return the search that a resource declares. Raise ConfigurationError for a column that is not a text."""
    if isinstance(declared, FullText):
        if not declared.is_indexed(model):
            names = ", ".join(repr(name) for name in declared.columns)
            raise ConfigurationError(
                f"{model.__name__} has no index of the words of {names}; write full_text({model.__name__}, ...) "
                "below the model and run makemigrations"
            )
        return FullTextSearch(tuple(resolve(model, name) for name in declared.columns), model=model, declared=declared)
    paths = tuple(resolve_compared(model, name) for name in declared)
    for path in paths:
        if not isinstance(path.type, String):
            raise ConfigurationError(f"cannot search {path.name!r}: it is not a text")
    return Search(paths)
