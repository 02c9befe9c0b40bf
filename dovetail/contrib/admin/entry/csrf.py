"""Refuse requests that another site made a browser send: by where they come from, and by a token only our pages know.

(https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html)
"""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import Request

from dovetail.errors import PermissionDeniedError

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"


def check_origin(headers: Headers) -> None:
    """See that an unsafe request comes from a page of this very host.

    What the browser says (Sec-Fetch-Site) is believed first, since a proxy may have changed Host. Raises
    PermissionDeniedError for another origin, and for a request that does not say where it comes from.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        source = urlsplit(headers.get("origin") or headers.get("referer") or "").netloc
        allowed = bool(source) and source == headers.get("host")
    if not allowed:
        raise PermissionDeniedError("This request did not come from a page of the back office, so nothing was done.")


def make_token(secret_key: SecretStr, cookie: str) -> str:
    """The token of the forms sent to the browser that holds `cookie`; nothing about it needs storing."""
    message = f"dovetail.admin.csrf:{cookie}".encode(errors="replace")
    return hmac.new(secret_key.get_secret_value().encode(), message, sha256).hexdigest()


async def check_token(request: Request, secret_key: SecretStr, cookie: str | None) -> None:
    """See that the request's header X-CSRF-Token, or its form's field csrf_token, holds the token of `cookie`.

    Raises PermissionDeniedError.
    """
    given = request.headers.get(HEADER) or (await request.form()).get(FIELD)
    expected = make_token(secret_key, cookie) if cookie else ""
    if not (expected and isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())):
        raise PermissionDeniedError(
            "The form is no longer valid, so nothing was done. Go back, reload the page and try again."
        )
