"""Give a recent proof within a session, by a factor instead of the password."""

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors.challenges import make_challenge, use_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose
from dovetail.contrib.auth.factors.passkeys.registration import passkeys_of
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty
from dovetail.contrib.auth.factors.passkeys.webauthn_json import Json, challenge_in, request_options
from dovetail.contrib.auth.factors.second_step import Answer, verify_answer
from dovetail.contrib.auth.models import User


async def begin_passkey_proof(session: AsyncSession, user: User, party: RelyingParty) -> Json:
    """Return options for the browser of a logged-in user, for one of their passkeys."""
    challenge = await make_challenge(session, ChallengePurpose.PROOF, user.id)
    return request_options(party, challenge, await passkeys_of(session, user.id))


async def prove_by_factor(session: AsyncSession, user: User, answer: Answer, party: RelyingParty | None) -> bool:
    """Verify and use a factor of a locked user; return whether it was right, and record an event if it was not.

    The transaction has to be committed in either case, to keep the event. Call `note_proof` to store the proof.
    """
    challenge = "" if answer.passkey is None else challenge_in(answer.passkey)
    is_asked = answer.passkey is None or await use_challenge(
        session, challenge, ChallengePurpose.PROOF, user_id=user.id
    )
    if is_asked and await verify_answer(session, user, answer, challenge, party) is not None:
        return True
    await record(session, EventKind.PROOF_FAILED, user=user, detail=answer.kind)
    return False
