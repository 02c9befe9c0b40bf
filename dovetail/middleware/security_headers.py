"""Headers that tell browsers to be careful; what an application sets itself is left alone."""

from collections.abc import Awaitable

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
STRICT_TRANSPORT_SECURITY = b"max-age=31536000"


class SecurityHeadersMiddleware:
    """Adds the headers of DEFAULTS, and over HTTPS, where `hsts` is true, Strict-Transport-Security."""

    def __init__(self, app: ASGIApp, *, hsts: bool) -> None:
        self.app = app
        self._defaults = [(name.lower().encode(), value.encode()) for name, value in DEFAULTS.items()]
        secure = [(b"strict-transport-security", STRICT_TRANSPORT_SECURITY)] if hsts else []
        self._secure_defaults = self._defaults + secure

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Run the application with careful headers."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        defaults = self._secure_defaults if scope["scheme"] == "https" else self._defaults

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                there = [name for name, _ in headers]
                message["headers"] = [*headers, *[pair for pair in defaults if pair[0] not in there]]
            return send(message)

        return self.app(scope, receive, send_with_headers)
