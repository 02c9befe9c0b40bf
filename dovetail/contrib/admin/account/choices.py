"""The account section in which staff choose the language, time zone and theme of the back office."""

from collections.abc import Mapping
from http import HTTPStatus

from sqladmin.flash import Flash
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.languages.chosen import language_in, zone_in
from dovetail.contrib.admin.looks.choices import theme_in
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.preferences import keep, remember_language, remember_theme, remember_zone
from dovetail.translation.texts import active_language, gettext, override_language
from dovetail.translation.zones import zone_names


async def load(site: SiteContext, request: Request) -> Mapping[str, object]:
    """Return the choices, and the current settings of this browser; empty texts for those that were not chosen."""
    cookies = site.cookies
    return {
        "languages": site.languages.known.values(),
        "language": request.cookies.get(cookies.language, ""),
        "zones": sorted(zone_names()),
        "zone": request.cookies.get(cookies.zone, ""),
        "site_zone": site.zone.key,
    }


async def save(site: SiteContext, request: Request) -> Response:
    """Save the settings, and return the message in the new language."""
    language, zone, theme = await language_in(site, request), await zone_in(request), await theme_in(request)
    code = "" if language is None else language.code
    await keep(request_context().session, user_of(request).id, language=code, zone=zone, theme=theme)
    with override_language(language or active_language()):
        Flash.success(request, gettext("Your choices were saved."))
    response = RedirectResponse(request.url_for("admin:account").path, HTTPStatus.SEE_OTHER)
    remember_language(site.cookies, response, code)
    remember_zone(site.cookies, response, zone)
    remember_theme(site.cookies, response, theme)
    return response
