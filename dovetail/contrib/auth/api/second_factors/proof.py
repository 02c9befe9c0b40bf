"""Give a recent proof by a factor, instead of the password or if the user has none."""

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


@router.post("/options", responses={404: {"description": "Passkeys are not configured"}})
async def begin_proof_with_passkey(user: ProvingUser, session: SessionDep, request: Request) -> PasskeyOptions:
    """Begin a proof by passkey: returns options for `navigator.credentials.get`."""
    party = relying_party(context_of(session), request)
    return PasskeyOptions(options=await begin_passkey_proof(session, user, party))


@router.post("/second-factor", status_code=204, response_class=Response, responses=THROTTLED)
async def prove_with_second_factor(data: Answer, user: ProvingUser, session: SessionDep, request: Request) -> Response:
    """Give a recent proof by a code, a recovery code or a passkey, as `prove_with_password` does by the password."""
    answer = given_answer(data)
    await begin_proof(user, is_guessable=answer.code is not None)
    row = await current_row(session, user)
    locked = await lock_active(session, user.id)
    if locked is None:
        raise NotAuthenticatedError
    if not await prove_by_factor(session, locked, answer, find_relying_party(context_of(session), request)):
        return respond(request, wrong_factor(data))  # returned, not raised, so that the attempt is committed
    await note_proof(session, row, answer.kind)
    return Response(status_code=204)
