"""Let pages of other origins use the API in a browser (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from dovetail.api.fastapi_private import path_within
from dovetail.api.problems import respond
from dovetail.settings import Settings


class RefusedPreflightError(HTTPException):
    """A preflight request asks for something that its origin is not allowed to do."""


class CorsMiddleware(CORSMiddleware):
    """Starlette's CORSMiddleware with the site's settings; paths below `same_origin` are closed to other origins."""

    def __init__(self, app: ASGIApp, *, settings: Settings, same_origin: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=settings.cors_allowed_origins,
            allow_methods=settings.cors_allowed_methods,
            allow_headers=settings.cors_allowed_headers,
            expose_headers=settings.cors_exposed_headers,
            allow_credentials=settings.cors_allow_credentials,
            max_age=settings.cors_max_age,
        )
        self._same_origin = frozenset(same_origin)
        self._below = tuple(f"{own}/" for own in same_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight request, or run the application and add the CORS headers to its response."""
        if scope["type"] == "http" and self._is_own(path_within(scope)):
            await self.app(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        except RefusedPreflightError as error:
            await respond(HTTPConnection(scope), error)(scope, receive, send)

    @override
    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the response to a preflight request. Raise RefusedPreflightError, which says what is not allowed."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return answer
        refused = bytes(answer.body).decode().removeprefix("Disallowed CORS ")  # "origin, method"
        headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        raise RefusedPreflightError(
            answer.status_code, f"Pages of other origins may not do this; not allowed: {refused}.", headers
        )

    def _is_own(self, path: str) -> bool:
        return path in self._same_origin or path.startswith(self._below)
