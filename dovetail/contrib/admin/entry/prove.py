"""Ask somebody who is logged in for their password again, before they change by which means they log in."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.entry.admission import give_new_token
from dovetail.contrib.admin.entry.entering import target_of
from dovetail.contrib.admin.entry.preparation import Preparation
from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.auth.credential_changes import Proof, prove
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.proof import current_row
from dovetail.contrib.auth.sessions.log_in import note_proof
from dovetail.state import StateKey

PROOF = StateKey[Proof]("dovetail_admin_proof", "`prepare` comes first")
WRONG = "This is not your password."


async def show_proof(office: Office, request: Request) -> Response:
    """Show the page that asks for the password, or go on to where one was going if it is right."""
    if request.method != "POST":
        return await _page(office, request)
    session = request_context().session
    user = await session.get_one(User, user_of(request).id, populate_existing=True)
    if user.hashed_password not in PROOF.get(request).hashes:
        return await _page(office, request, HTTPStatus.FORBIDDEN, error=WRONG)
    await note_proof(session, await current_row(session, user_of(request)))
    response = RedirectResponse(target_of(request), HTTPStatus.SEE_OTHER)
    await give_new_token(office, session, request, response)
    return response


def preparation(_request: Request) -> Preparation:
    """Return what is done before the transaction: verifying the password, which takes long."""
    return Preparation(work=_verify)


async def _verify(request: Request) -> None:
    form = await request.form()
    refuse_files(form)
    PROOF.set(request, await prove(user_of(request), str(form.get("password", ""))))


async def _page(office: Office, request: Request, status: HTTPStatus = HTTPStatus.OK, **context: object) -> Response:
    return await office.render(request, "sqladmin/prove.html", context, status)
