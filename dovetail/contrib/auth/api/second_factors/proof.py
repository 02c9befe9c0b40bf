"""Prove again who one is by a factor, where the password would do too, or where there is none."""

from fastapi import APIRouter, Request, Response

from dovetail.api.problems import respond
from dovetail.api.throttling.throttled import THROTTLED
from dovetail.contrib.auth.api.second_factors.login import given_answer, wrong_factor
from dovetail.contrib.auth.api.second_factors.schemas import Answer, PasskeyOptions
from dovetail.contrib.auth.factors.passkeys.relying_party import find_relying_party, relying_party
from dovetail.contrib.auth.factors.proof import begin_passkey_proof, prove_by_factor
from dovetail.contrib.auth.factors.second_step import lock_active
from dovetail.contrib.auth.limits.attempts import begin_proof
from dovetail.contrib.auth.proof import ProvingUser, current_row
from dovetail.contrib.auth.sessions.log_in import note_proof
from dovetail.database.session import SessionDep
from dovetail.errors import NotAuthenticatedError
from dovetail.plugin import context_of

router = APIRouter(prefix="/prove", tags=["auth"])


@router.post("/options", responses={404: {"description": "This site knows no passkeys"}})
async def begin_proof_with_passkey(user: ProvingUser, session: SessionDep, request: Request) -> PasskeyOptions:
    """Begin to prove who one is by a passkey: the answer goes to `navigator.credentials.get`."""
    party = relying_party(context_of(session), request)
    return PasskeyOptions(options=await begin_passkey_proof(session, user, party))


@router.post("/second-factor", status_code=204, response_class=Response, responses=THROTTLED)
async def prove_with_second_factor(data: Answer, user: ProvingUser, session: SessionDep, request: Request) -> Response:
    """Prove again who one is by a code, a recovery code or a passkey, as `prove_with_password` does by the password."""
    answer = given_answer(data)
    await begin_proof(user, is_guessable=answer.code is not None)
    row = await current_row(session, user)
    locked = await lock_active(session, user.id)
    if locked is None:
        raise NotAuthenticatedError
    if not await prove_by_factor(session, locked, answer, find_relying_party(context_of(session), request)):
        return respond(request, wrong_factor(data))  # not raised: that it was tried is to be kept
    await note_proof(session, row, answer.kind)
    return Response(status_code=204)
