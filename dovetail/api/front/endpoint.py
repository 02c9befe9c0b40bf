"""An endpoint that may have a fast path: an ordinary path operation function to FastAPI, and more to `fast_path.py`."""

from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Generic, ParamSpec, Protocol, TypeAlias, TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

P = ParamSpec("P")
R = TypeVar("R")
# Answers a request, or leaves it to FastAPI with None, and then it has done nothing.
FastAnswer: TypeAlias = Callable[[Request], Awaitable[Response | None]]
# Gives what answers the requests of an application, which is asked for once.
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
    """Return a decorator that gives an endpoint its fast path; `answer` gives what the endpoint gives, or None.

    @router.get("/live")
    @with_fast_path(answer_live)
    async def get_liveness() -> Health: ...
    """
    return lambda function: Endpoint(function, lambda _app: answer)
