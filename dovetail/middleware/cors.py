"""Which other origins may read the API in a browser (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from dovetail.api.fastapi_private import path_within
from dovetail.settings import Settings


class CorsMiddleware(CORSMiddleware):
    """Starlette's, set up by the site's settings; what lies below `same_origin` is for pages of this site alone."""

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
        self._same_origin = tuple(same_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or run the application and say who may read what it answers."""
        if scope["type"] == "http" and self._is_own(path_within(scope)):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _is_own(self, path: str) -> bool:
        return path in self._same_origin or path.startswith(tuple(f"{own}/" for own in self._same_origin))
