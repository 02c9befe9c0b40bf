"""The endpoints that save a user's choice of theme and shortcuts; the theme can be chosen before logging in."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.entry.returning import page_before, wants_json
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import field_of
from dovetail.contrib.admin.web.preferences import Theme, keep, remember_shortcuts, remember_theme
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext


async def choose_theme(site: SiteContext, request: Request) -> Response:
    """Save the theme of the logged-in user."""
    theme = await theme_in(request)
    await keep(request_context().session, user_of(request).id, theme=theme)
    response = _answer(request)
    remember_theme(site.cookies, response, theme)
    return response


async def choose_theme_as_visitor(site: SiteContext, request: Request) -> Response:
    """Save a theme in a browser in which nobody is logged in."""
    theme, response = await theme_in(request), _answer(request)
    remember_theme(site.cookies, response, theme)
    return response


async def choose_shortcuts(site: SiteContext, request: Request) -> Response:
    """Save whether keyboard shortcuts of single keys are enabled for the logged-in user."""
    given = await field_of(request, "shortcuts")
    if given not in {"on", "off"}:
        raise BadRequestError(gettext('`shortcuts` has to be "on" or "off".'))
    await keep(request_context().session, user_of(request).id, shortcuts=given == "on")
    response = _answer(request)
    remember_shortcuts(site.cookies, response, on=given == "on")
    return response


async def theme_in(request: Request) -> Theme:
    """Return the theme in a form. Raise BadRequestError for an unknown one."""
    given = await field_of(request, "theme")
    if given not in set(Theme):
        raise BadRequestError(gettext('`theme` has to be "system", "light" or "dark".'))
    return Theme(given)


def _answer(request: Request) -> Response:
    if wants_json(request):
        return JSONResponse({})
    return RedirectResponse(page_before(request), HTTPStatus.SEE_OTHER)
