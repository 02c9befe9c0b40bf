"""Headers that tell browsers to be careful; what an application sets itself is left alone."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# https://owasp.org/www-project-secure-headers/ and https://docs.djangoproject.com/en/stable/ref/middleware/
DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
}
STRICT_TRANSPORT_SECURITY = "max-age=31536000"


class SecurityHeadersMiddleware:
    """Adds the headers of DEFAULTS, and over HTTPS, where `hsts` is true, Strict-Transport-Security."""

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self.app = app
        self.hsts = hsts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with careful headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted: Mapping[str, str] = DEFAULTS
        if self.hsts and scope["scheme"] == "https":
            wanted = DEFAULTS | {"Strict-Transport-Security": STRICT_TRANSPORT_SECURITY}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
