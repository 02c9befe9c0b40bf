"""Send browsers headers that protect every page of the back office."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers; pages are never stored by a cache, files below `static_paths` may be."""

    def __init__(self, app: ASGIApp, static_paths: tuple[str, ...], image_hosts: Sequence[str] = ()) -> None:
        self.app = app
        self.static_paths = static_paths
        self._policy = content_security_policy(image_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inner = scope["path"].removeprefix(scope.get("root_path", ""))
        is_static = inner.startswith(self.static_paths)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(ALWAYS)
                headers["Content-Security-Policy"] = self._policy
                headers["Cache-Control"] = "public, max-age=3600" if is_static else "no-store"
            await send(message)

        await self.app(scope, receive, send_with_headers)


def content_security_policy(image_hosts: Sequence[str] = ()) -> str:
    """Return the header that lets pages load from the site itself alone, and images from `image_hosts`, too."""
    sources = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Tabler draws its arrows with data: URLs.
        " ".join(("img-src 'self' data:", *(f"https://{host}" for host in image_hosts))),
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(sources)
