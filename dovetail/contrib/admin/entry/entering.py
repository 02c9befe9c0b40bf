"""Functions that all login pages share: the page for visitors, beginning the session, and the redirect."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.api.addresses import address_of
from dovetail.contrib.admin.entry.sessions import lifetime_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sites.login_form import LoginForm
from dovetail.contrib.admin.web.csrf import make_token
from dovetail.contrib.admin.web.preferences import restore_preferences
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.factors.second_step import VerifiedUser
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_session
from dovetail.contrib.auth.sessions.log_in import log_in
from dovetail.contrib.auth.sessions.models import SessionKind
from dovetail.errors import DovetailError, PermissionDeniedError
from dovetail.validators import split_url


class LoginRefusedError(PermissionDeniedError):
    """The site's own login form refuses a user who has logged in correctly."""


async def enter(
    site: SiteContext, request: Request, proved: VerifiedUser, response: Response | None = None
) -> Response:
    """Log in a verified staff user, and redirect them to the requested page.

    The browser's earlier session ends. The cookie is set on `response` instead of the redirect, if it is given. Raise
    LoginRefusedError if the site's login form refuses the user.
    """
    session = request_context().session
    await _confirm(site, request, proved.user)
    await end_session(session, request.cookies.get(site.cookies.session, ""))
    lasts = lifetime_of(site.settings)
    logged_in = await log_in(
        session,
        proved.user,
        connection=request,
        method=proved.method,
        second_factor=proved.second_factor,
        kind=SessionKind.OFFICE,
        lifetime=lasts,
        proved_at=proved.proved_at,
    )
    response = response or RedirectResponse(target_of(request), HTTPStatus.SEE_OTHER)
    site.cookies.set(response, site.cookies.session, logged_in.token, max_age=lasts.absolute)
    site.cookies.delete(response, site.cookies.visitor)
    site.cookies.delete(response, site.cookies.challenge)
    await restore_preferences(session, site.cookies, proved.user.id, response)
    return response


async def visitor_page(
    site: SiteContext, request: Request, template: str, values: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Return a page for visitors who are not logged in, with the `token` of its forms."""
    visitor = request.cookies.get(site.cookies.visitor) or secrets.token_urlsafe(32)
    token = make_token(site.secret_key, visitor)
    response = await site.render(request, template, {"token": token, **values}, status)
    site.cookies.set(response, site.cookies.visitor, visitor)
    return response


def target_of(request: Request) -> str:
    """Return the URL to redirect to after logging in: the requested page, if it is on this site."""
    index = request.url_for("admin:index").path
    wanted = request.query_params.get("next", "")
    parts = split_url(wanted)
    docs = address_of(request, "show_docs")  # it may be for staff only
    is_known = wanted.startswith(index) or wanted == docs
    is_ours = not parts.scheme and not parts.netloc and is_known and "\\" not in wanted
    return wanted if is_ours and not wanted.startswith("//") else index


async def _confirm(site: SiteContext, request: Request, user: User) -> None:
    try:
        await (site.declared.login_form or LoginForm)().confirm_login_allowed(request, user)
    except DovetailError as error:
        await record_failure(EventKind.LOGIN_FAILED, user=user, detail="kept out by the site")
        raise LoginRefusedError(error.detail) from None
