"""The account section in which staff choose the language, time zone and theme of the back office."""

from collections.abc import Mapping
from http import HTTPStatus

from sqladmin.flash import Flash
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.languages.chosen import language_in, zone_in
from dovetail.contrib.admin.looks.choices import theme_in
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.web.preferences import keep, remember_language, remember_theme, remember_zone
from dovetail.translation.texts import active_language, gettext, override_language
from dovetail.translation.zones import zone_names


async def load(office: Office, request: Request) -> Mapping[str, object]:
    """Return the choices, and the current settings of this browser; empty texts for those that were not chosen."""
    cookies = office.cookies
    return {
        "languages": office.languages.known.values(),
        "language": request.cookies.get(cookies.language, ""),
        "zones": sorted(zone_names()),
        "zone": request.cookies.get(cookies.zone, ""),
        "site_zone": office.zone.key,
    }


async def save(office: Office, request: Request) -> Response:
    """Save the settings, and return the message in the new language."""
    language, zone, theme = await language_in(office, request), await zone_in(request), await theme_in(request)
    code = "" if language is None else language.code
    await keep(request_context().session, user_of(request).id, language=code, zone=zone, theme=theme)
    with override_language(language or active_language()):
        Flash.success(request, gettext("Your choices were saved."))
    response = RedirectResponse(request.url_for("admin:account").path, HTTPStatus.SEE_OTHER)
    remember_language(office.cookies, response, code)
    remember_zone(office.cookies, response, zone)
    remember_theme(office.cookies, response, theme)
    return response
