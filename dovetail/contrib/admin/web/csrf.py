"""Refuse requests that another site made a browser send: by where they come from, and by a token only our pages know.

(https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html)
"""

from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import Request

from dovetail.errors import PermissionDeniedError
from dovetail.signing import Signer

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"


def check_origin(headers: Headers) -> None:
    """Raise PermissionDeniedError unless an unsafe request comes from a page of this very host.

    What the browser says (Sec-Fetch-Site) is believed first, since a proxy may have changed Host. A request
    that does not say where it comes from is refused too.
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
    """Return the token of the forms sent to the browser that holds `cookie`; nothing about it needs storing."""
    return _signer(secret_key).signature(_message(cookie)).hex()


async def check_token(request: Request, secret_key: SecretStr, cookie: str | None) -> None:
    """Raise PermissionDeniedError unless header X-CSRF-Token, or the field csrf_token, holds the token of `cookie`."""
    given = request.headers.get(HEADER) or (await request.form()).get(FIELD)
    if not (cookie and isinstance(given, str) and _is_token(given, secret_key, cookie)):
        raise PermissionDeniedError(
            "The form is no longer valid, so nothing was done. Go back, reload the page and try again."
        )


def _is_token(given: str, secret_key: SecretStr, cookie: str) -> bool:
    try:
        signature = bytes.fromhex(given)
    except ValueError:
        return False
    return _signer(secret_key).is_signature(_message(cookie), signature)


def _signer(secret_key: SecretStr) -> Signer:
    return Signer(secret_key, "dovetail.admin.csrf")


def _message(cookie: str) -> bytes:
    return cookie.encode(errors="replace")
