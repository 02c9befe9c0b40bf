"""The page of a one-time link, where a user without a password registers a passkey and is logged in."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.entry.entering import enter, visitor_page
from dovetail.contrib.admin.entry.second_step import knows_passkeys, passkey_in
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.form_fields import field_of
from dovetail.contrib.auth.factors import changes
from dovetail.contrib.auth.factors.challenges import find_challenge, use_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose
from dovetail.contrib.auth.factors.passkeys.registration import begin_registration
from dovetail.contrib.auth.factors.passkeys.relying_party import relying_party
from dovetail.contrib.auth.factors.second_step import VerifiedUser, lock_active
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from dovetail.plugin import context_of
from dovetail.translation.texts import gettext_lazy

OVER = gettext_lazy("This link was used, or is too old. Ask for another one: manage.py enrolmentlink.")
SAID = gettext_lazy("Your passkey logs you in from now on.")
NONE_MADE = gettext_lazy("No passkey was made, or it took too long. Try again.")


async def show_enrolment(site: SiteContext, request: Request) -> Response:
    """Show the page of the link, or register a passkey for its user: the link works once."""
    user = await _user(request)
    error = None if user is not None else OVER
    if user is not None and request.method == "POST":
        registered = await _register(site, request, user)
        if registered is not None:
            return registered
        error = NONE_MADE
    values = {"whose": user, "error": error, "passkeys": knows_passkeys(request)}
    status = HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST
    return await visitor_page(site, request, "sqladmin/enrol.html", values, status)


async def give_options(_site: SiteContext, request: Request) -> Response:
    """Return the options for `navigator.credentials.create`. Raise PermissionDeniedError for an expired link."""
    session, user = request_context().session, await _user(request)
    if user is None:
        raise PermissionDeniedError(OVER)
    return JSONResponse(await begin_registration(session, user, relying_party(context_of(session), request)))


async def _register(site: SiteContext, request: Request, user: User) -> Response | None:
    session, credential = request_context().session, await passkey_in(request)
    party = relying_party(context_of(session), request)
    locked = await lock_active(session, user.id)
    if locked is None:
        return None
    async with session.begin_nested() as change:
        is_new = await use_challenge(session, _token(request), ChallengePurpose.ENROL, user_id=user.id)
        name = await field_of(request, "name")
        added = await changes.register_passkey(session, locked, name, credential, party) if is_new else None
        if added is None:
            await change.rollback()  # the link can be used again
            return None
    values: dict[str, object] = {
        "codes": added.recovery_codes,
        "said": SAID,
        "next": request.url_for("admin:index").path,
    }
    page = await site.render(request, "sqladmin/recovery_codes.html", values)
    return await enter(site, request, VerifiedUser(user=locked, method="passkey"), page)


async def _user(request: Request) -> User | None:
    session = request_context().session
    found = await find_challenge(session, _token(request), ChallengePurpose.ENROL)
    user = None if found is None else await session.get(User, found.user_id)
    return user if user is not None and user.is_active and user.is_staff else None


def _token(request: Request) -> str:
    return request.query_params.get("token", "")
