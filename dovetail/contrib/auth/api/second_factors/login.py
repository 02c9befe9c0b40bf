"""Log in with a second factor, by answering the challenge of a login, or with a passkey alone. Part of `/api/auth`."""

from fastapi import APIRouter, Request, Response
from pydantic import MISSING
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.problems import respond
from dovetail.api.throttling.throttled import THROTTLED, throttled
from dovetail.contrib.auth.api.schemas import AccessTokenRead
from dovetail.contrib.auth.api.second_factors.schemas import (
    Answer,
    PasskeyLogin,
    PasskeyOptions,
    SecondStepAnswer,
    SecondStepRead,
)
from dovetail.contrib.auth.factors import second_step
from dovetail.contrib.auth.factors.passkeys.assertions import begin_passkey_login
from dovetail.contrib.auth.factors.passkeys.relying_party import find_relying_party, relying_party
from dovetail.contrib.auth.factors.second_step import Refusal, SecondStep, VerifiedUser
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.log_in import LoggedIn, log_in
from dovetail.database.session import SessionDep
from dovetail.errors import FieldError, NotAuthenticatedError
from dovetail.plugin import context_of

router = APIRouter(tags=["auth"])
WRONG: dict[int | str, dict[str, object]] = {**THROTTLED, 401: {"description": "Wrong, used or expired"}}


async def log_in_or_challenge(
    session: AsyncSession, user: User, request: Request, response: Response
) -> AccessTokenRead | SecondStepRead:
    """Return a token for a user who gave the right password, or a challenge if they have a second factor."""
    begun = await second_step.begin_login(session, user, connection=request, method="password")
    if isinstance(begun, SecondStep):
        return SecondStepRead.model_validate(begun, from_attributes=True)
    return _token(begun, response)


@router.post("/login/second-factor", response_model=AccessTokenRead, responses=WRONG)
async def answer_login_challenge(
    data: SecondStepAnswer, session: SessionDep, request: Request, response: Response
) -> AccessTokenRead | Response:
    """Get a bearer token for the challenge of a login and a second factor.

    A challenge is valid for one login within five minutes, and for five wrong answers. A code works once.
    """
    challenge, answer = data.challenge.get_secret_value(), given_answer(data)
    party = find_relying_party(context_of(session), request)
    proved = await second_step.finish_second_step(session, challenge, answer, party)
    if isinstance(proved, Refusal):
        return respond(request, _refused(proved, data))  # returned, not raised, so that the attempt is committed
    return await give_token(session, proved, request, response)


@router.post(
    "/passkeys/options",
    responses={404: {"description": "Passkeys are not configured"}},
    dependencies=[throttled("60/minute", name="passkeys")],
)
async def begin_login_with_passkey(session: SessionDep, request: Request) -> PasskeyOptions:
    """Begin a login by passkey alone: returns options for `navigator.credentials.get`; send back its result.

    The options are valid for one login within five minutes.
    """
    party = relying_party(context_of(session), request)
    return PasskeyOptions(options=await begin_passkey_login(session, party))


@router.post(
    "/passkeys/login",
    response_model=AccessTokenRead,
    responses=WRONG,
    dependencies=[throttled("60/minute", name="passkeys")],
)
async def log_in_with_passkey(
    data: PasskeyLogin, session: SessionDep, request: Request, response: Response
) -> AccessTokenRead | Response:
    """Get a bearer token for a passkey, which combines two factors: a device, and what unlocks it."""
    party = relying_party(context_of(session), request)
    proved = await second_step.finish_passkey_login(session, data.passkey.as_json(), party)
    if proved is None:
        return respond(request, _wrong("/passkey", "The passkey is wrong or the login took too long; try again."))
    return await give_token(session, proved, request, response)


async def give_token(
    session: AsyncSession, proved: VerifiedUser, request: Request, response: Response
) -> AccessTokenRead:
    """Start a session for a user who has proved their identity, and return its token."""
    logged_in = await log_in(
        session,
        proved.user,
        connection=request,
        method=proved.method,
        second_factor=proved.second_factor,
        proved_at=proved.proved_at,
    )
    return _token(logged_in, response)


def given_answer(data: Answer) -> second_step.Answer:
    """Return the answer in a request body."""
    return second_step.Answer(
        code=None if data.code is MISSING else data.code.get_secret_value(),
        recovery_code=None if data.recovery_code is MISSING else data.recovery_code.get_secret_value(),
        passkey=None if data.passkey is MISSING else data.passkey.as_json(),
    )


def wrong_factor(data: Answer) -> NotAuthenticatedError:
    """Return the error for a wrong answer."""
    given = next(name for name in ("code", "recovery_code", "passkey") if getattr(data, name) is not MISSING)
    return _wrong(f"/{given}", "This is wrong, or was used already; try again.")


def _token(logged_in: LoggedIn, response: Response) -> AccessTokenRead:
    response.headers["Pragma"] = "no-cache"  # RFC 6749, section 5.1; the middleware adds no-store
    return AccessTokenRead.of(logged_in)


def _refused(refusal: Refusal, data: Answer) -> NotAuthenticatedError:
    if refusal is Refusal.OVER:
        return _wrong("/challenge", "The challenge is wrong, expired or used up; log in again.", "challenge_over")
    return wrong_factor(data)


def _wrong(pointer: str, detail: str, kind: str = "wrong_factor") -> NotAuthenticatedError:
    error = NotAuthenticatedError(detail)
    error.errors = (FieldError(pointer=pointer, detail=detail, type=kind),)
    return error
