"""Impersonation: the browser keeps its own session beside the one in which it acts as another user."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.web.cookies import COOKIES
from dovetail.contrib.auth.acting.impersonation import impersonator_of
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from dovetail.state import StateKey
from dovetail.translation.texts import gettext

THEIRS_ALONE = ("account", "prove", "enrol")  # first path segments of pages about a user's own account


@dataclass(frozen=True)
class Acting:
    """The names of both users, and the token of the form that stops it, for pages after an error ended the session."""

    username: str
    own: str
    token: str


ACTING = StateKey[Acting]("dovetail_admin_acting", "nobody acts as somebody else")  # of a request


def check_own_account(request: Request, user: User) -> None:
    """Raise PermissionDeniedError for an account page while another user acts as its owner."""
    if impersonator_of(user) is None:
        return
    start = request.url_for("admin:index").path
    word = request.url.path.removeprefix(start).partition("/")[0]
    if word in THEIRS_ALONE:
        raise PermissionDeniedError(
            gettext("The account of %(user)s is theirs alone. Stop acting as them first.") % {"user": user}
        )


def acting_response(app: Starlette, request: Request, token: str, seconds: int) -> Response:
    """Return the way to the first page, as the one whose session the token is of; one's own is kept beside it."""
    cookies = COOKIES.get(app)
    response = RedirectResponse(request.url_for("admin:index").path, HTTPStatus.SEE_OTHER)
    cookies.set(response, cookies.own_session, request.cookies.get(cookies.session, ""), max_age=seconds)
    cookies.set(response, cookies.session, token, max_age=seconds)
    return response
