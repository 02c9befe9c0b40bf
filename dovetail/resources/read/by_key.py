"""Rows that are known by their keys: a page that holds them."""

from dataclasses import dataclass
from typing import Any

from dovetail.resources.query import filters, ordering
from dovetail.resources.query.url import ItemQuery, ListQuery
from dovetail.resources.read.pages import PageRequest

ALL_FIELDS = ItemQuery()


@dataclass(frozen=True)
class ByKey:
    """Asks for rows of a model by their keys."""

    filter: filters.FilterParameter
    terms: ordering.Terms  # the order by key alone

    @classmethod
    def of(cls, model: type[Any], key: str) -> "ByKey":
        """For the rows of `model`, whose primary key is the attribute `key`."""
        return cls(filters.parameters(model, {key: "in"})[f"{key}__in"], ordering.complete(model, ()))

    def request(self, keys: tuple[Any, ...], query: ItemQuery = ALL_FIELDS) -> PageRequest:
        """A page that holds the rows with these keys."""
        listed = ListQuery(filters=((self.filter, keys),), limit=len(keys), fields=query.fields, expand=query.expand)
        return PageRequest(listed, self.terms if len(keys) > 1 else ())

    def parameters(self, keys: tuple[Any, ...]) -> dict[str, Any]:
        """What the placeholders of such a page stand for."""
        return {f"filter_0_{number}": one for number, one in enumerate(self.filter.arguments(keys))}
