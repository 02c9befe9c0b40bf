"""Reset a forgotten password by mail, with the same services and rate limits as the API.

The token of the link is moved to a cookie at once, so that no later URL, and hence no Referer header, contains it.
"""

from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.api.throttling.rates import LIMITER, Charge, Rate, network_of, take_or_refuse
from dovetail.contrib.admin.entry.entering import visitor_page
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import field_of
from dovetail.contrib.auth.api.dependencies import make_manager
from dovetail.contrib.auth.api.schemas import EmailRequest
from dovetail.contrib.auth.mail.models import MailKind
from dovetail.contrib.auth.mail.outbox import send_token
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.errors import InvalidInputError
from dovetail.translation.texts import gettext_lazy

NO_ADDRESS = gettext_lazy("This is no e-mail address.")
OVER = gettext_lazy("This link was used, or is too old. Ask for another one.")


async def ask(site: SiteContext, request: Request) -> Response:
    """Show the form for an address, and send a link if an account has it; the response does not reveal whether."""
    if request.method != "POST":
        return await _page(site, request, "password_reset_template")
    session = request_context().session
    await _count(site, request, "reset", settings_of(session).throttle_reset)
    given = (await field_of(request, "email")).strip()
    try:
        address = EmailRequest(email=given).email
    except ValidationError:
        return await _page(site, request, "password_reset_template", error=NO_ADDRESS, email=given)
    await send_token(session, MailKind.RESET_PASSWORD, address)
    return _led_to(request, "password_reset_done")


async def tell_sent(site: SiteContext, request: Request) -> Response:
    """Show the message that a link was sent if an account has the address."""
    return await _page(site, request, "password_reset_done_template")


async def choose(site: SiteContext, request: Request) -> Response:
    """Move the token of a link to a cookie, show the form for a new password, and set it; all sessions end."""
    cookies, settings = site.cookies, settings_of(request_context().session)
    token = request.query_params.get("token")
    if token is not None:
        if not token.isascii():  # not a token, and not a valid value of a cookie
            return await _choosing(site, request, error=OVER)
        response: Response = _led_to(request, "password_reset_confirm")
        cookies.set(response, cookies.reset, token, max_age=settings.reset_token_lifetime)
        return response
    if request.method != "POST":
        return await _choosing(site, request)
    await _count(site, request, "token", settings.throttle_token)
    refused = await _set_password(site, request)
    if refused is not None:
        return refused
    response = _led_to(request, "password_reset_complete")
    cookies.delete(response, cookies.reset)
    return response


async def tell_done(site: SiteContext, request: Request) -> Response:
    """Show the message that the new password was set."""
    return await _page(site, request, "password_reset_complete_template")


async def _set_password(site: SiteContext, request: Request) -> Response | None:
    # Imported here, since fastapi-users imports a library for JSON web tokens, which few requests need.
    from dovetail.contrib.auth.manager import InvalidResetPasswordToken

    session = request_context().session
    manager = make_manager(session, settings_of(session))
    token = request.cookies.get(site.cookies.reset) or (await field_of(request, "token")).strip()
    try:
        await manager.reset_password(token, await field_of(request, "password"))
    except InvalidResetPasswordToken:
        return await _choosing(site, request, error=OVER)
    except InvalidInputError as error:
        return await _choosing(site, request, error=" ".join(one.detail for one in error.errors) or error.detail)
    return None


async def _choosing(site: SiteContext, request: Request, error: str = "") -> Response:
    has_token = site.cookies.reset in request.cookies and error != OVER
    response = await _page(site, request, "password_reset_confirm_template", error=error, has_token=has_token)
    if error == OVER:  # otherwise the token of the cookie would be used instead of a later one
        site.cookies.delete(response, site.cookies.reset)
    return response


async def _page(site: SiteContext, request: Request, option: str, *, error: str = "", **values: object) -> Response:
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    return await visitor_page(site, request, str(site.template(option)), {"error": error, **values}, status)


def _led_to(request: Request, name: str) -> RedirectResponse:
    return RedirectResponse(request.url_for(f"admin:{name}").path, HTTPStatus.SEE_OTHER)


async def _count(site: SiteContext, request: Request, name: str, rates: tuple[Rate, ...]) -> None:
    """Count the request towards the limits of the API. Raise TooManyRequestsError."""
    await take_or_refuse(LIMITER.get(site.app), [Charge(name, network_of(request), rate) for rate in rates])
