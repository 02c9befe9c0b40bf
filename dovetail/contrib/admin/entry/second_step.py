"""Log in by a second factor or a passkey."""

import json
from http import HTTPStatus
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.entry.entering import enter, visitor_page
from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sites.login_form import LoginForm
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors import second_step
from dovetail.contrib.auth.factors.challenges import LIFETIME
from dovetail.contrib.auth.factors.passkeys.assertions import begin_passkey_login
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty, find_relying_party, relying_party
from dovetail.contrib.auth.factors.passkeys.webauthn_json import Json
from dovetail.contrib.auth.factors.second_step import Answer, Refusal
from dovetail.contrib.auth.models import User
from dovetail.plugin import context_of
from dovetail.translation.texts import gettext_lazy

LONGEST_ANSWER = 64_000  # characters of JSON
NO_STAFF = gettext_lazy("This passkey does not open the back office.")
WRONG = {
    "totp": gettext_lazy("This code is wrong, or was used already. Wait for the next one."),
    "recovery_code": gettext_lazy("This recovery code is wrong, or was used already."),
    "passkey": gettext_lazy("This passkey is not one of yours."),
}


async def ask_for_second_factor(
    site: SiteContext, request: Request, user: User, method: str = "password"
) -> Response | None:
    """Return the redirect to the second step, after a proof by `method`; None for a user without a second factor."""
    step = await second_step.begin_second_step(request_context().session, user, method, _party(request))
    if step is None:
        return None
    response = RedirectResponse(_address(request, "admin:second-factor"), HTTPStatus.SEE_OTHER)
    site.cookies.set(response, site.cookies.challenge, step.challenge, max_age=LIFETIME)
    return response


async def show_second_step(site: SiteContext, request: Request) -> Response:
    """Show the page that asks for a second factor, or log in the user who gives the right one."""
    session, challenge = request_context().session, request.cookies.get(site.cookies.challenge, "")
    party = _party(request)
    error = None
    if request.method == "POST":
        answer = await answer_in(request)
        proved = await second_step.finish_second_step(session, challenge, answer, party)
        if not isinstance(proved, Refusal):
            return await enter(site, request, proved)
        error = WRONG[answer.kind] if proved is Refusal.WRONG else None
    step = await second_step.resume_second_step(session, challenge, party)
    if step is None:
        return RedirectResponse(_address(request, "admin:login"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.OK if error is None else HTTPStatus.UNAUTHORIZED
    return await visitor_page(site, request, "sqladmin/second_factor.html", {"step": step, "error": error}, status)


async def give_passkey_options(_site: SiteContext, request: Request) -> Response:
    """Return the options for `navigator.credentials.get` on the login page."""
    party = relying_party(context_of(request_context().session), request)
    return JSONResponse(await begin_passkey_login(request_context().session, party))


async def log_in_with_passkey(site: SiteContext, request: Request) -> Response:
    """Log in a staff user by a passkey only."""
    session = request_context().session
    party = relying_party(context_of(session), request)
    proved = await second_step.finish_passkey_login(session, await passkey_in(request), party)
    if proved is not None and proved.user.is_staff:
        return await enter(site, request, proved)
    if proved is not None:
        await record(session, EventKind.LOGIN_FAILED, user=proved.user, detail="no staff")
    values = {"passkeys": True, "error": NO_STAFF, "form": (site.declared.login_form or LoginForm)()}
    return await visitor_page(site, request, str(site.template("login_template")), values, HTTPStatus.UNAUTHORIZED)


async def passkey_in(request: Request) -> Json:
    """Return the browser's answer from a form, as JSON; None if it is invalid."""
    form = await request.form()
    refuse_files(form)
    text = form.get("passkey")
    try:
        found = json.loads(text) if isinstance(text, str) and len(text) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        found = None
    return cast("Json", found) if isinstance(found, dict) else {}


def knows_passkeys(request: Request) -> bool:
    """Return True if passkeys work on this page: on the domain of the RP ID, not on an IP address."""
    return _party(request) is not None


async def answer_in(request: Request) -> Answer:
    """Return the proof in a form: a code, a recovery code or a passkey."""
    form = await request.form()
    refuse_files(form)
    code, recovery_code = form.get("code"), form.get("recovery_code")
    if isinstance(code, str) and code:
        return Answer(code=code)
    if isinstance(recovery_code, str) and recovery_code:
        return Answer(recovery_code=recovery_code)
    return Answer(passkey=await passkey_in(request))


def _party(request: Request) -> RelyingParty | None:
    party = find_relying_party(context_of(request_context().session), request)
    return party if party is not None and party.serves(request.url.hostname) else None


def _address(request: Request, name: str) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url_for(name).path + query
