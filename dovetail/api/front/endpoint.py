"""`Endpoint`: a path operation function of FastAPI that may have a fast path, which `fast_path.py` calls."""

from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Generic, ParamSpec, Protocol, TypeAlias, TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

P = ParamSpec("P")
R = TypeVar("R")
# Returns the response to a request, or None to let FastAPI run the endpoint: then it must have changed nothing.
FastAnswer: TypeAlias = Callable[[Request], Awaitable[Response | None]]
# Returns the FastAnswer of an application; it is called once.
FastPath: TypeAlias = Callable[[FastAPI], FastAnswer]


class NamedResource(Protocol):
    """The resource that an endpoint belongs to."""

    @property
    def singular(self) -> str:
        """The name of one: `post`."""


class Endpoint(Generic[P, R]):
    """A path operation function of FastAPI, with its fast path if it has one and the resource that it belongs to.

    FastAPI reads the signature of `function`, and calls the Endpoint as it would call the function.
    """

    def __init__(
        self,
        function: Callable[P, Awaitable[R]],
        fast_path: FastPath | None = None,
        resource: NamedResource | None = None,
    ) -> None:
        update_wrapper(self, function)
        self._function = function
        self.fast_path = fast_path
        self.resource = resource

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function."""
        return await self._function(*args, **kwargs)


def with_fast_path(answer: FastAnswer) -> Callable[[Callable[P, Awaitable[R]]], Endpoint[P, R]]:
    """Return a decorator that gives an endpoint its fast path; `answer` returns what the endpoint returns, or None.

    @router.get("/live")
    @with_fast_path(answer_live)
    async def get_liveness() -> Health: ...
    """
    return lambda function: Endpoint(function, lambda _app: answer)
