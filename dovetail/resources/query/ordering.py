"""The columns that a list can be ordered by; `keyset.py` has the order itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, UnaryExpression, inspect
from sqlalchemy.types import TypeEngine

from dovetail.errors import ConfigurationError
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.keyset import Direction
from dovetail.resources.query.paths import Criteria, Path, resolve, resolve_compared


@dataclass(frozen=True)
class Term:
    """One column to order by."""

    path: Path
    descending: bool = False
    alias: str = ""  # the name in URLs, if it is not that of the path

    @property
    def name(self) -> str:
        """The name in the parameter `ordering`."""
        name = self.alias or self.path.name
        return f"-{name}" if self.descending else name

    @property
    def direction(self) -> Direction:
        """The direction of the column's expression."""
        return Direction.of(descending=self.descending, may_be_null=self.path.is_nullable)

    @cached_property
    def adapter(self) -> TypeAdapter[object]:
        """The adapter that writes a value of the column into a cursor and reads it back."""
        return _adapter(self.path.type)

    def reversed(self) -> "Term":
        """Return the same column in the other direction."""
        return replace(self, descending=not self.descending)

    def order(self, expression: ColumnElement[object]) -> UnaryExpression[object]:
        """Return the expression for an ORDER BY."""
        return self.direction.order(expression)


Terms = tuple[Term, ...]
NO_ALIASES: Mapping[str, str] = {}


def ordering_terms(
    model: type[object], names: Sequence[str] | Mapping[str, str], aliases: Mapping[str, str] = NO_ALIASES
) -> dict[str, Term]:
    """Return the terms that a list can be ordered by; `names` may have the path of each, `aliases` those of fields.

    Raise ConfigurationError for a column without an order.
    """
    paths = names if isinstance(names, Mapping) else {name: aliases.get(name, name) for name in names}
    found = {name: resolve_compared(model, path) for name, path in paths.items()}
    terms = {name: Term(path, alias="" if name == path.name else name) for name, path in found.items()}
    for name, term in terms.items():
        if any(relation.property.uselist for relation in term.path.relations):
            raise ConfigurationError(f"cannot order by {name!r}: a row has several of them")
        if python_type(term.path.type) is None:
            raise ConfigurationError(f"cannot order by {name!r}: its values have no order")
    return terms


def complete(model: type[object], terms: Terms) -> Terms:
    """Return `terms` followed by the primary key, so that the order is unique."""
    keys = [inspect(model).get_property_by_column(column).key for column in inspect(model).primary_key]
    given = {term.path.name for term in terms}
    # The same direction as the last term's lets one index serve them all.
    descending = terms[-1].descending if terms else False
    return (*terms, *(Term(resolve(model, key), descending) for key in keys if key not in given))


def expressions(terms: Terms, related: Criteria) -> list[ColumnElement[object]]:
    """Return the expressions that the terms order by."""
    return [term.path.value(related) for term in terms]


@cache  # once for each column: making an adapter costs more than reading a page
def _adapter(column_type: TypeEngine[Any]) -> TypeAdapter[object]:
    return TypeAdapter(python_type(column_type) | None)
