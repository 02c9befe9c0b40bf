"""Let staff who logged in a while ago prove again who they are, by their password or by a factor of theirs."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.entry.enrolment import field_of
from dovetail.contrib.admin.entry.second_step import answer_in
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.auth.credential_changes import Proof, prove
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record, record_failure
from dovetail.contrib.auth.factors.passkeys.relying_party import find_relying_party, relying_party
from dovetail.contrib.auth.factors.proof import begin_proof, prove_by_factor
from dovetail.contrib.auth.factors.second_step import lock_active
from dovetail.contrib.auth.proof import current_row, is_proved
from dovetail.contrib.auth.sessions.log_in import note_proof, settings_of
from dovetail.errors import InvalidInputError, NotAuthenticatedError
from dovetail.plugin import context_of
from dovetail.state import StateKey

PROOF = StateKey[Proof]("factor_proof", "`prepare` comes first")
WRONG = "This is wrong, or was used already; try again."


async def has_proved(request: Request) -> bool:
    """Return True if the user of this request proved recently who they are."""
    session = request_context().session
    return is_proved(await current_row(session, user_of(request)), settings_of(session).proof_seconds)


async def prepare(_office: Office, request: Request) -> None:
    """Verify the password, if it is one, which takes long."""
    user, password = user_of(request), await field_of(request, "password")
    PROOF.set(request, await prove(user, password) if password else Proof())


async def prove_again(_office: Office, request: Request) -> str:
    """Note that the user proved who they are. Raise InvalidInputError if they did not."""
    session = request_context().session
    user = await lock_active(session, user_of(request).id)
    if user is None:
        raise NotAuthenticatedError
    if await field_of(request, "password"):
        if user.hashed_password not in PROOF.get(request).hashes:
            await record_failure(EventKind.PROOF_FAILED, user=user, detail="password")
            raise InvalidInputError(WRONG)
        await record(session, EventKind.PROVED, user=user, detail="password")
    elif not await prove_by_factor(
        session, user, await answer_in(request), find_relying_party(context_of(session), request)
    ):
        raise InvalidInputError(WRONG)
    await note_proof(session, await current_row(session, user_of(request)))
    return "Thank you. You can change your account for some minutes now."


async def give_options(_office: Office, request: Request) -> Response:
    """Return what the browser is asked by a script of the page."""
    session = request_context().session
    party = relying_party(context_of(session), request)
    return JSONResponse(await begin_proof(session, user_of(request), party))
