"""An OpenAPI document from which clients are generated: stable names, and every error described."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from project.api.problems import MEDIA_TYPE, Problem, ProblemError

SCHEMAS = "#/components/schemas/"
UNSAFE_METHODS = frozenset({"post", "put", "patch", "delete"})


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
    """Describe problem details as the errors of every operation, in place of FastAPI's own."""
    generate = app.openapi
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        nonlocal described
        schema = generate()
        if schema is not described:  # FastAPI keeps the document until a route is added
            _describe(schema)
            described = schema
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _operations(route: RouteContext) -> Iterator[str]:
    for method in sorted(route.methods or ()):
        yield f"{method} {route.path_format}"


def _describe(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model in (Problem, ProblemError):
        schemas[model.__name__] = model.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
        schemas[model.__name__].pop("$defs", None)
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            for status in sorted(_statuses(path, method, operation)):
                _add_response(operation.setdefault("responses", {}), status)


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    # What an author declares without saying how the body looks is a problem too.
    found = {int(s) for s, r in operation.get("responses", {}).items() if s.isdecimal() and s[0] in "45"}
    found |= {400, 503}
    if "security" in operation:
        found |= {401, 403}
    if "{" in path:
        found.add(404)
    if method in UNSAFE_METHODS:
        found.add(409)
    if "requestBody" in operation:
        found |= {413, 422}
    return found


def _add_response(responses: dict[str, Any], status: int) -> None:
    response = responses.setdefault(str(status), {"description": HTTPStatus(status).phrase})
    declared = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref")
    if "content" not in response or declared == SCHEMAS + "HTTPValidationError":
        response["description"] = HTTPStatus(status).phrase
        response["content"] = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + "Problem"}}}
