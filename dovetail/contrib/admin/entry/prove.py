"""Reauthentication: logged-in users prove their identity again before they change how they log in."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dovetail.contrib.admin.entry.admission import give_new_token
from dovetail.contrib.admin.entry.entering import target_of
from dovetail.contrib.admin.entry.preparation import Preparation
from dovetail.contrib.admin.entry.second_step import answer_in, knows_passkeys
from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.auth.credential_changes import Proof, prove
from dovetail.contrib.auth.factors.held import methods_of
from dovetail.contrib.auth.factors.passkeys.relying_party import find_relying_party, relying_party
from dovetail.contrib.auth.factors.proof import begin_passkey_proof, prove_by_factor
from dovetail.contrib.auth.factors.second_step import lock_active
from dovetail.contrib.auth.limits.attempts import begin_proof
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.proof import current_row
from dovetail.contrib.auth.sessions.log_in import note_proof
from dovetail.errors import NotAuthenticatedError
from dovetail.plugin import context_of
from dovetail.state import StateKey
from dovetail.translation.texts import gettext_lazy

PROOF = StateKey[Proof]("dovetail_admin_proof", "`prepare` comes first")
WRONG_PASSWORD = gettext_lazy("This is not your password.")
WRONG_FACTOR = gettext_lazy("This is wrong, or was used already.")


async def show_proof(site: SiteContext, request: Request) -> Response:
    """Show the page that asks for the password or a second factor; if it is right, redirect to the requested page."""
    if request.method != "POST":
        return await _page(site, request)
    session = request_context().session
    user = await lock_active(session, user_of(request).id)
    if user is None:
        raise NotAuthenticatedError
    wrong = await _find_wrong(request, user)
    if wrong is not None:
        return await _page(site, request, HTTPStatus.FORBIDDEN, error=wrong)
    detail = (await answer_in(request)).kind if PROOF.find(request) is None else ""
    await note_proof(session, await current_row(session, user_of(request)), detail)
    response = RedirectResponse(target_of(request), HTTPStatus.SEE_OTHER)
    await give_new_token(site, session, request, response)
    return response


async def give_options(_site: SiteContext, request: Request) -> Response:
    """Return the options for `navigator.credentials.get` with a passkey of the user."""
    session = request_context().session
    party = relying_party(context_of(session), request)
    return JSONResponse(await begin_passkey_proof(session, user_of(request), party))


def preparation(_site: SiteContext, _request: Request) -> Preparation:
    """Return the preparation that verifies the password, which is slow."""
    return Preparation(work=_verify)


async def _verify(request: Request) -> None:
    form = await request.form()
    refuse_files(form)
    if "password" in form:
        PROOF.set(request, await prove(user_of(request), str(form["password"])))
    else:
        await begin_proof(user_of(request), is_guessable="code" in form)


async def _find_wrong(request: Request, user: User) -> str | None:
    """Return the error message for a failed proof by a user, whose row is locked; None if it succeeded."""
    proof, session = PROOF.find(request), request_context().session
    if proof is not None:
        return None if user.hashed_password in proof.hashes else WRONG_PASSWORD
    party = find_relying_party(context_of(session), request)
    is_proved = await prove_by_factor(session, user, await answer_in(request), party)
    return None if is_proved else WRONG_FACTOR


async def _page(site: SiteContext, request: Request, status: HTTPStatus = HTTPStatus.OK, **context: object) -> Response:
    user = user_of(request)
    values = {
        "has_password": user.hashed_password != UNUSABLE_PASSWORD,
        "methods": await methods_of(request_context().session, user.id) if user.has_second_factor else (),
        "passkeys": knows_passkeys(request),
    }
    return await site.render(request, "sqladmin/prove.html", {**values, **context}, status)
