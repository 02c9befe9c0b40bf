"""Security headers, added to responses that do not set them."""

from starlette.types import Scope

from dovetail.middleware.headers import Pairs, Values

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
STRICT_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """The headers of DEFAULTS and, for HTTPS with `hsts`, Strict-Transport-Security."""

    def __init__(self, *, hsts: bool) -> None:
        self._plain = tuple((name.lower().encode(), value.encode()) for name, value in DEFAULTS.items())
        self._secure = (*self._plain, STRICT_TRANSPORT_SECURITY) if hsts else self._plain
        self._names = frozenset(name for name, _ in self._secure)

    def missing(self, response_headers: Values, scope: Scope) -> Pairs:
        """Return the security headers that a response lacks."""
        wanted = self._secure if scope["scheme"] == "https" else self._plain
        if self._names.isdisjoint(response_headers):
            return wanted
        return [pair for pair in wanted if pair[0] not in response_headers]
