"""What the endpoints of a resource have in common, and its list."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.schemas import Page
from dovetail.database.session import SessionDep
from dovetail.resources.endpoints.documentation import list_parameters, response_headers

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource

Where: TypeAlias = Callable[..., Any]  # a FastAPI dependency that gives a ColumnElement[bool]


def add_list(
    resource: "Resource", router: APIRouter, path: str, *, name: str, where: Where | None, description: str
) -> None:
    """Add a list of `resource`, see Resource.add_list."""

    async def answer(request: Request, session: Any, viewer: Any, where: Any = None) -> Response:
        return await resource.listing.answer(request, session, resource.scope(viewer, where))

    async def quick(request: Request) -> Response | None:
        scope = resource.quick_scope(request)
        if scope is None:
            return None
        return await resource.listing.answer_quickly(request, scope)

    parameters = {"session": SessionDep, "viewer": resource.policy.reader}
    if where is not None:
        parameters["where"] = Annotated[Any, Depends(where)]
    named(resource, answer, name, description or f"The {resource.collection} that the viewer may see.", parameters)
    answer.lists = resource  # type: ignore[attr-defined]  # the system check looks for it
    if where is None:
        answer.quick = quick  # type: ignore[attr-defined]  # QuickMiddleware looks for it
    add_route(
        router,
        path,
        answer,
        method="GET",
        response_model=Page[resource.read],  # type: ignore[name-defined]  # known at run time only
        openapi_extra={"parameters": list_parameters(resource.grammar)},
        responses={
            200: {"headers": response_headers(Link="The next and the previous page (RFC 8288).")},
            422: {},
        },
    )


def named(
    resource: "Resource", endpoint: Callable[..., Any], name: str, description: str, parameters: dict[str, Any]
) -> None:
    """Give an endpoint its operation id, its documentation and the parameters that FastAPI fills."""
    endpoint.__name__ = name
    endpoint.__doc__ = description
    endpoint.__module__ = resource.read.__module__  # the plugin's, as `manage.py routes` shows it
    found = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
    found += [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for key, annotation in parameters.items()
    ]
    endpoint.__signature__ = inspect.Signature(found)  # type: ignore[attr-defined]  # what FastAPI reads
    endpoint.resource = resource  # type: ignore[attr-defined]  # for `manage.py routes`


def add_route(router: APIRouter, path: str, endpoint: Callable[..., Any], *, method: str, **options: Any) -> None:
    """Add an endpoint that makes its own response."""
    router.add_api_route(path, endpoint, methods=[method], **options)
