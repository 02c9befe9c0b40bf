"""Act as somebody else, and stop: the browser keeps its own session beside the one in which it acts."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.entry.sessions import get_user, lifetime_of
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.web.cookies import COOKIES
from dovetail.contrib.auth.acting.impersonation import end_impersonation, impersonator_of
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_session
from dovetail.errors import PermissionDeniedError

THEIRS_ALONE = ("account", "prove", "enrol")  # first words of the addresses of pages about one's own account


def check_not_theirs(request: Request, user: User) -> None:
    """Raise PermissionDeniedError for a page of the account of somebody as whom another acts."""
    if impersonator_of(user) is None:
        return
    start = request.url_for("admin:index").path
    word = request.url.path.removeprefix(start).partition("/")[0]
    if word in THEIRS_ALONE:
        raise PermissionDeniedError(f"The account of {user} is theirs alone. Stop acting as them first.")


def acting_response(app: Starlette, request: Request, token: str, seconds: int) -> Response:
    """Return the way to the first page, as the one whose session the token is of; one's own is kept beside it."""
    cookies = COOKIES.get(app)
    response = RedirectResponse(request.url_for("admin:index").path, HTTPStatus.SEE_OTHER)
    cookies.set(response, cookies.own_session, request.cookies.get(cookies.session, ""), max_age=seconds)
    cookies.set(response, cookies.session, token, max_age=seconds)
    return response


async def stop_acting(office: Office, request: Request) -> Response:
    """End the session in which somebody acts as another, and go on in their own."""
    cookies, session = office.cookies, request_context().session
    await end_impersonation(session, user_of(request))
    key = request.cookies.get(cookies.own_session, "")
    response = RedirectResponse(request.url_for("admin:index").path, HTTPStatus.SEE_OTHER)
    cookies.delete(response, cookies.own_session)
    if key and await get_user(session, key) is not None:
        cookies.set(response, cookies.session, key, max_age=lifetime_of(office.settings).absolute)
    else:
        cookies.delete(response, cookies.session)
    return response


async def end_own_session(office: Office, request: Request, response: Response) -> None:
    """End the session of whoever acts as somebody else, and with it the one in which they do, as they log out."""
    key = request.cookies.get(office.cookies.own_session)
    if key:
        await end_session(request_context().session, key)
        office.cookies.delete(response, office.cookies.own_session)
