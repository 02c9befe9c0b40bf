"""The endpoints that save a user's choice of language and time zone, before logging in as well."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.entry.returning import page_before, wants_json
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import field_of
from dovetail.contrib.admin.web.preferences import OF_SITE, keep, remember_language, remember_zone
from dovetail.errors import BadRequestError
from dovetail.translation.catalogs import Language
from dovetail.translation.texts import gettext
from dovetail.translation.zones import find_zone


async def choose_language_as_visitor(site: SiteContext, request: Request) -> Response:
    """Keep a language in a browser in which nobody is logged in."""
    language = await language_in(site, request)
    response = RedirectResponse(page_before(request), HTTPStatus.SEE_OTHER)
    remember_language(site.cookies, response, "" if language is None else language.code)
    return response


async def choose_zone(site: SiteContext, request: Request) -> Response:
    """Keep the time zone that the page offered to whoever is logged in."""
    zone = await zone_in(request)
    await keep(request_context().session, user_of(request).id, zone=zone)
    response = JSONResponse({}) if wants_json(request) else RedirectResponse(page_before(request), HTTPStatus.SEE_OTHER)
    remember_zone(site.cookies, response, zone)
    return response


async def language_in(site: SiteContext, request: Request) -> Language | None:
    """Return the language in a form; None for that of the browser. Raise BadRequestError for one that there is not."""
    given = await field_of(request, "language")
    found = site.languages.known.get(given or "")
    if given and found is None:
        codes = ", ".join(site.languages.known)
        raise BadRequestError(gettext("There is no such language; there are: %(codes)s.") % {"codes": codes})
    return found


async def zone_in(request: Request) -> str:
    """Return the name of the zone in a form, or OF_SITE. Raise BadRequestError for what is neither."""
    given = await field_of(request, "zone")
    if given != OF_SITE and find_zone(given) is None:
        raise BadRequestError(gettext("There is no such time zone; choose one such as Europe/Berlin."))
    return given
