"""Protection against CSRF, by which another site makes a browser send requests: check the origin and a secret token.

(https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html)
"""

import re

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.requests import Request

from dovetail.errors import PermissionDeniedError
from dovetail.signing import Signer
from dovetail.translation.texts import gettext
from dovetail.validators import split_url

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"


def check_origin(headers: Headers) -> None:
    """Raise PermissionDeniedError unless an unsafe request comes from a page of this host.

    What the browser says (Sec-Fetch-Site) is believed first, since a proxy may have changed Host. A request
    that does not say where it comes from is refused too.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        source = split_url(headers.get("origin") or headers.get("referer") or "").netloc
        allowed = bool(source) and source == headers.get("host")
    if not allowed:
        raise PermissionDeniedError(
            gettext("This request did not come from a page of the back office, so nothing was done.")
        )


def make_session_token(secret_key: SecretStr, user_id: int, session_id: int) -> str:
    """Return the token for the forms of a session; it stays valid when the session's cookie changes.

    It contains the user's id, which is readable after the session has ended, too; see `owner_of`.
    """
    return f"{user_id}.{session_id}.{make_token(secret_key, f'session {user_id} {session_id}')}"


async def check_session_token(request: Request, secret_key: SecretStr, user_id: int, session_id: int) -> None:
    """Raise PermissionDeniedError unless header X-CSRF-Token, or the field csrf_token, has the token of the session."""
    if not is_session_token(await _given(request), secret_key, user_id, session_id):
        raise _refused()


def is_session_token(given: str, secret_key: SecretStr, user_id: int, session_id: int) -> bool:
    """Return True if a text is the token for the forms of a session."""
    owner = f"{user_id}.{session_id}."
    signed = given.removeprefix(owner)
    return signed != given and _is_token(signed, secret_key, f"session {user_id} {session_id}")


async def owner_of(request: Request, secret_key: SecretStr) -> int | None:
    """Return the id of the user for whom the submitted form was rendered, in any session."""
    given = await _given(request)
    found = re.fullmatch(r"(\d{1,19})\.(\d{1,19})\.[0-9a-f]{64}", given)
    if found is None:
        return None
    user_id, session_id = int(found[1]), int(found[2])
    return user_id if is_session_token(given, secret_key, user_id, session_id) else None


def make_token(secret_key: SecretStr, cookie: str) -> str:
    """Return the token for forms of the browser with `cookie`; it is derived, and not stored."""
    return _signer(secret_key).signature(_message(cookie)).hex()


async def check_token(request: Request, secret_key: SecretStr, cookie: str | None) -> None:
    """Raise PermissionDeniedError unless header X-CSRF-Token, or the field csrf_token, has the token of `cookie`."""
    if not (cookie and _is_token(await _given(request), secret_key, cookie)):
        raise _refused()


async def _given(request: Request) -> str:
    given = request.headers.get(HEADER) or (await request.form()).get(FIELD)
    return given if isinstance(given, str) else ""


def _refused() -> PermissionDeniedError:
    return PermissionDeniedError(
        gettext("The form is no longer valid, so nothing was done. Go back, reload the page and try again.")
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
