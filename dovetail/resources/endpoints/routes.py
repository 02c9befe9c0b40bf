"""An endpoint of a resource as FastAPI sees it: its operation id, its parameters and its place in a router."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.fastapi_private import routes_of
from dovetail.api.front.endpoint import Endpoint, FastPath
from dovetail.resources.spec import Spec


class ResourceEndpoint(Endpoint[..., Response]):
    """A path operation of a resource. `parameters` are what FastAPI fills, beside the request."""

    def __init__(
        self,
        spec: Spec,
        function: Callable[..., Awaitable[Response]],
        *,
        name: str,
        description: str,
        parameters: Mapping[str, object],
        fast_path: FastPath | None = None,
        is_list: bool = False,
    ) -> None:
        super().__init__(function, fast_path, spec)
        self.spec = spec
        self.is_list = is_list
        self.__name__ = name  # the operation id
        self.__doc__ = description
        self.__module__ = spec.read.__module__  # the plugin's, as `manage.py routes` shows it
        found = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
        found += [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
            for key, annotation in parameters.items()
        ]
        self.__signature__ = inspect.Signature(found)


def add_route(router: APIRouter, path: str, endpoint: ResourceEndpoint, *, method: str, **options: Any) -> None:
    """Add an endpoint that makes its own response; `options` are those of FastAPI's `add_api_route`."""
    router.add_api_route(path, endpoint, methods=[method], **options)


def resources_of(app: FastAPI, *, listed: bool = False) -> list[Spec]:
    """Return the resources that have endpoints in an application, or with `listed` a list, each once."""
    endpoints = (route.endpoint for route in routes_of(app.routes))
    found = (one for one in endpoints if isinstance(one, ResourceEndpoint) and (one.is_list or not listed))
    return list({id(one.spec): one.spec for one in found}.values())


def item_path(spec: Spec) -> tuple[str, str]:
    """Return the path of one object, `/posts/{post_id}`, and the name of the key in it."""
    key_name = f"{spec.singular}_{spec.lookup or 'id'}"
    return f"{spec.url}/{{{key_name}}}", key_name
