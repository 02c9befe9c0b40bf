"""An OpenAPI document from which clients are generated: stable names, every error described, an example of each."""

import dovetail.api.openapi.fastapi_documents
import dovetail.api.openapi.pydantic_private  # noqa: F401 - it changes how pydantic makes schemas

# isort: split

import re
from collections.abc import Iterator, Sequence

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from dovetail.api.credentials import CredentialSchemes, schemes_of
from dovetail.api.fastapi_private import RouteContext, routes_of
from dovetail.api.front.endpoint import Endpoint
from dovetail.api.openapi.components import name_components, share_enums, write_whole_numbers
from dovetail.api.openapi.examples import add_examples
from dovetail.api.openapi.limited import describe_limits
from dovetail.api.openapi.names import Json, Operations
from dovetail.api.openapi.problems import describe_problems, problem_schemas
from dovetail.api.security import describe_security


def operation_id(route: APIRoute) -> str:
    """Return the name of the endpoint's function, which becomes the name of a method in generated clients."""
    return route.name


def duplicate_operation_ids(app: FastAPI) -> list[str]:
    """Return a sentence for each operation id that two operations claim, and for two resources of one name."""
    claimed: dict[str, list[RouteContext]] = {}
    for route in routes_of(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            claimed.setdefault(route.operation_id or route.unique_id, []).append(route)
    problems: dict[str, str] = {}
    for name, routes in claimed.items():
        operations = [operation for route in routes for operation in _operations(route)]
        if len(operations) > 1:
            what = f"the operation id {name!r} is claimed by {' and '.join(operations)}"
            twins = _resources_of_one_name(routes)
            advice = f": two resources are called {twins!r}; give one of them another `name`"
            problems.setdefault(twins or name, what + (advice if twins else "; rename one of the functions"))
    return list(problems.values())


def operation_ids(routes: Sequence[BaseRoute]) -> list[str]:
    """Return the ids of the operations that these routes are described by."""
    found = (one for one in routes_of(routes) if isinstance(one.original_route, APIRoute))
    return [one.operation_id or one.unique_id for one in found if one.include_in_schema]


def document_problems(app: FastAPI, plugins: Operations) -> None:
    """Complete the document that FastAPI makes: problems, names, who has to log in, examples.

    `plugins` has the operation ids of each plugin, in the order of the settings.
    """
    generate = app.openapi
    described: dict[str, object] = {}

    def openapi() -> dict[str, object]:
        nonlocal described
        schema = generate()
        if schema is not described:  # FastAPI keeps the document until a route is added
            _complete(schema, list(routes_of(app.routes)), plugins, schemes_of(app))
            described = schema
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _complete(
    document: Json, routes: list[RouteContext], plugins: Operations, schemes: CredentialSchemes | None
) -> None:
    describe_security(document, routes, schemes)
    describe_limits(document, routes)
    _place_token_urls(document)
    name_components(document, plugins, reserved=problem_schemas())
    describe_problems(document)
    share_enums(document, plugins)
    write_whole_numbers(document)
    add_examples(document)
    document["components"]["schemas"] = dict(sorted(document["components"]["schemas"].items()))


def _place_token_urls(document: Json) -> None:
    """Write the path of an operation where a token URL names one (`login`), wherever the site has mounted it.

    Where the site has dropped it, tokens come from elsewhere: the scheme is a bearer token then.
    """
    paths = {
        operation.get("operationId"): path for path, item in document["paths"].items() for operation in item.values()
    }
    schemes = document.get("components", {}).get("securitySchemes", {})
    for name, scheme in schemes.items():
        for flow in scheme.get("flows", {}).values():
            for key in ("refreshUrl", "tokenUrl"):
                url = flow.get(key, "")
                if url in paths:
                    flow[key] = paths[url]
                elif url and not re.match("https?://|/", url):
                    schemes[name] = {"type": "http", "scheme": "bearer"}


def _operations(route: RouteContext) -> Iterator[str]:
    for method in sorted(route.methods or ()):
        yield f"{method} {route.path_format}"


def _resources_of_one_name(routes: list[RouteContext]) -> str | None:
    endpoints = [route.endpoint for route in routes]
    resources = [endpoint.resource if isinstance(endpoint, Endpoint) else None for endpoint in endpoints]
    names = {None if resource is None else resource.singular for resource in resources}
    return names.pop() if len(names) == 1 and len(set(map(id, resources))) > 1 else None
