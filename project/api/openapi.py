"""An OpenAPI document from which clients are generated: stable names, every error described, an example of each."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from project.api.openapi_components import name_components, share_enums, write_whole_numbers
from project.api.openapi_examples import add_examples
from project.api.openapi_problems import describe_problems
from project.api.openapi_security import describe_security


def operation_id(route: APIRoute) -> str:
    """The name of the endpoint's function, which becomes the name of a method in generated clients."""
    return route.name


def duplicate_operation_ids(app: FastAPI) -> list[str]:
    """One sentence for each operation id that two operations claim."""
    claimed: dict[str, list[str]] = {}
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            name = route.operation_id or route.unique_id
            claimed.setdefault(name, []).extend(_operations(route))
    return [
        f"the operation id {name!r} is claimed by {' and '.join(operations)}; rename one of the functions"
        for name, operations in claimed.items()
        if len(operations) > 1
    ]


def document_problems(app: FastAPI) -> None:
    """Complete the document that FastAPI makes: problems, names, who has to log in, examples."""
    generate = app.openapi
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        nonlocal described
        schema = generate()
        if schema is not described:  # FastAPI keeps the document until a route is added
            _complete(schema, list(iter_route_contexts(app.routes)))
            described = schema
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _complete(document: dict[str, Any], routes: list[RouteContext]) -> None:
    describe_security(document, routes)
    describe_problems(document)
    name_components(document)
    share_enums(document)
    write_whole_numbers(document)
    add_examples(document)


def _operations(route: RouteContext) -> Iterator[str]:
    for method in sorted(route.methods or ()):
        yield f"{method} {route.path_format}"
