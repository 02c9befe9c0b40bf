"""What is asked for where rows are known by their keys: a page that holds them."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from dovetail.resources.query.url import ItemQuery, ListQuery, read_item_query, split_query
from dovetail.resources.read.pages import PageRequest
from dovetail.resources.scope import Scope

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource


def item_request(resource: "Resource", request: Request, scope: Scope, key: Any) -> PageRequest:
    """The page of the one row that a URL asks for, with the fields that it names. Raises InvalidInputError."""
    values = split_query(request.scope["query_string"])
    query = read_item_query(values, resource.grammar.within(scope)) if values else ItemQuery()
    return key_request(resource, (key,), query)


def key_request(resource: "Resource", keys: tuple[Any, ...], query: ItemQuery) -> PageRequest:
    """A page that holds the objects with these keys."""
    listed = ListQuery(
        filters=((resource.key_filter, keys),), limit=len(keys), fields=query.fields, expand=query.expand
    )
    return PageRequest(listed, resource.key_terms if len(keys) > 1 else ())


def key_values(resource: "Resource", keys: tuple[Any, ...]) -> dict[str, Any]:
    """What the placeholders of a `key_request` stand for."""
    return {f"filter_0_{number}": one for number, one in enumerate(resource.key_filter.arguments(keys))}
