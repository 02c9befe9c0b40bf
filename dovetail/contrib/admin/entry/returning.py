"""Redirect users to log in or to reauthenticate, and then back to what they had typed."""

import logging
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from sqladmin.flash import Flash
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.entry.kept_forms import PARAMETER, Keeping, keep_form
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.csrf import owner_of
from dovetail.contrib.auth.factors.requirement import SecondFactorRequiredError
from dovetail.contrib.auth.proof import ProofRequiredError
from dovetail.database.session import SAFE_METHODS
from dovetail.translation.texts import gettext_lazy
from dovetail.validators import split_url

logger = logging.getLogger("dovetail.admin")

LOG_IN = (
    "admin:login",
    gettext_lazy("You were logged out, so nothing was done. Log in to go on"),
    gettext_lazy("Log in first."),
)
PROVE = (
    "admin:prove",
    gettext_lazy("You logged in a while ago, so nothing was done yet. Show that it is still you to go on"),
    gettext_lazy("Show that it is still you first."),
)
WITH_FORM = gettext_lazy(" with what you had typed.")
WITHOUT_FORM = gettext_lazy("; what you had typed could not be kept.")


class NotLoggedInError(Exception):
    """The page requires a login."""


class MustEnrolError(Exception):
    """The page requires that the user first enrols a second factor."""


class OtherSessionError(Exception):
    """The form was rendered for the same user in an earlier session; they have logged in again in another window."""


async def redirect_to_login(site: SiteContext, request: Request, error: Exception, keeping: Keeping | None) -> Response:
    """Redirect to the page that resolves `error`, which redirects back; a submitted form is stored until then."""
    if isinstance(error, MustEnrolError):
        if wants_json(request):
            return JSONResponse({"detail": SecondFactorRequiredError().detail}, HTTPStatus.FORBIDDEN)
        return RedirectResponse(request.url_for("admin:account").path, HTTPStatus.SEE_OTHER)
    if isinstance(error, OtherSessionError):
        assert keeping is not None  # noqa: S101 - it is raised for forms that are kept
        token = await _keep(site, request, keeping)
        return RedirectResponse(_with_token(request, token, keeping), HTTPStatus.SEE_OTHER)
    page, why, short = PROVE if isinstance(error, ProofRequiredError) else LOG_IN
    if wants_json(request):
        return JSONResponse({"detail": str(short)}, HTTPStatus.UNAUTHORIZED)
    return await _lead(site, request, page, why, keeping)


def wants_json(request: Request) -> bool:
    """Return True for the request of a script, which expects JSON."""
    return request.headers.get("accept", "").startswith("application/json")


def page_before(request: Request) -> str:
    """Return the URL of the page with the button, if it is on this site, or that of the index page."""
    index = request.url_for("admin:index").path
    parts = split_url(request.headers.get("referer", ""))
    is_ours = parts.netloc == request.headers.get("host") and parts.path.startswith(index)
    return parts.path + (f"?{parts.query}" if parts.query else "") if is_ours else index


async def _lead(site: SiteContext, request: Request, page: str, why: str, keeping: Keeping | None) -> Response:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in SAFE_METHODS:
        token = None if keeping is None else await _keep(site, request, keeping)
        is_promised = keeping is not None and keeping.is_promised
        told = (WITH_FORM if token else WITHOUT_FORM) if is_promised else "."
        Flash.warning(request, f"{why}{told}")
        target = page_before(request)
        if keeping is not None and (is_promised or token):
            target = _with_token(request, token, keeping)
    query = urlencode({"next": target})
    return RedirectResponse(f"{request.url_for(page).path}?{query}", HTTPStatus.SEE_OTHER)


async def _keep(site: SiteContext, request: Request, keeping: Keeping) -> str | None:
    """Store the form for its user; not while another acts as them, who will not find it after their own login."""
    owner = await owner_of(request, site.secret_key)
    if owner is None or site.cookies.own_session in request.cookies:
        return None
    try:
        async with site.database.unit_of_work() as session:
            return await keep_form(session, site.secret_key, request, owner, keeping)
    except Exception:
        logger.warning("what was typed at %s was not kept", request.url.path, exc_info=True)
        return None


def _with_token(request: Request, token: str | None, keeping: Keeping) -> str:
    path = keeping.back(request) or request.url.path
    kept = [(name, value) for name, value in _query_of_page(request, path) if name != PARAMETER]
    query = urlencode([*kept, (PARAMETER, token)] if token else kept)
    return path + (f"?{query}" if query else "")


def _query_of_page(request: Request, path: str) -> list[tuple[str, str]]:
    """Return the query of a form, or of the page with it: forms of plugins may lack the query of their page."""
    before, _, query = page_before(request).partition("?")
    return request.query_params.multi_items() or (parse_qsl(query, keep_blank_values=True) if before == path else [])
