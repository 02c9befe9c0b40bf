"""What the endpoints of a spec have in common, and its list."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends
from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.schemas import Page
from dovetail.database.session import SessionDep
from dovetail.resources.endpoints.documentation import list_parameters, response_headers
from dovetail.resources.endpoints.lists import Listing
from dovetail.resources.spec import Spec

# A FastAPI dependency that gives the condition on the rows of a list.
Where: TypeAlias = Callable[..., Awaitable[ColumnElement[bool]] | ColumnElement[bool]]


def add_list(
    spec: Spec, listing: Listing, router: APIRouter, path: str, *, name: str, where: Where | None, description: str
) -> None:
    """Add a list of `spec`, see Resource.add_list."""

    async def answer(request: Request, session: Any, viewer: Any, where: Any = None) -> Response:
        return await listing.answer(request, session, spec.visibility(viewer, where))

    async def quick(request: Request) -> Response | None:
        visibility = spec.anonymous_visibility(request)
        if visibility is None:
            return None
        return await listing.answer_quickly(request, visibility)

    parameters = {"session": SessionDep, "viewer": spec.policy.reader}
    if where is not None:
        parameters["where"] = Annotated[Any, Depends(where)]
    named(spec, answer, name, description or f"The {spec.collection} that the viewer may see.", parameters)
    answer.lists = spec  # type: ignore[attr-defined]  # the system check looks for it
    if where is None:
        answer.quick = quick  # type: ignore[attr-defined]  # QuickMiddleware looks for it
    add_route(
        router,
        path,
        answer,
        method="GET",
        response_model=Page[spec.read],  # type: ignore[name-defined]  # known at run time only
        openapi_extra={"parameters": list_parameters(spec.grammar)},
        responses={
            200: {"headers": response_headers(Link="The next and the previous page (RFC 8288).")},
            422: {},
        },
    )


def named(spec: Spec, endpoint: Callable[..., Any], name: str, description: str, parameters: dict[str, Any]) -> None:
    """Give an endpoint its operation id, its documentation and the parameters that FastAPI fills."""
    endpoint.__name__ = name
    endpoint.__doc__ = description
    endpoint.__module__ = spec.read.__module__  # the plugin's, as `manage.py routes` shows it
    found = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
    found += [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for key, annotation in parameters.items()
    ]
    endpoint.__signature__ = inspect.Signature(found)  # type: ignore[attr-defined]  # what FastAPI reads
    endpoint.resource = spec  # type: ignore[attr-defined]  # for `manage.py routes`


def add_route(router: APIRouter, path: str, endpoint: Callable[..., Any], *, method: str, **options: Any) -> None:
    """Add an endpoint that makes its own response."""
    router.add_api_route(path, endpoint, methods=[method], **options)
