"""The second step of a login: a user who gave the right password gets a challenge, and a session for its answer.

    found = await begin_login(session, user, connection=request, method="ldap")

Plugins with other ways to log in begin in the same way. `log_in` refuses a user who has a second factor and did not
provide it, so that it cannot be bypassed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.accounts.store import lock_user
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.origin import AccountRef
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors.challenges import (
    LIFETIME,
    MAXIMUM_ATTEMPTS,
    count_attempt,
    find_challenge,
    make_challenge,
    use_challenge,
)
from dovetail.contrib.auth.factors.held import methods_of
from dovetail.contrib.auth.factors.models import ChallengePurpose, Passkey
from dovetail.contrib.auth.factors.passkeys.assertions import find_passkey, use_passkey
from dovetail.contrib.auth.factors.passkeys.registration import passkeys_of
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty, find_relying_party
from dovetail.contrib.auth.factors.passkeys.webauthn_json import Json, challenge_in, request_options
from dovetail.contrib.auth.factors.recovery_codes import count_recovery_codes, use_recovery_code
from dovetail.contrib.auth.factors.totp import use_totp
from dovetail.contrib.auth.limits.attempts import begin_proof
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.log_in import LoggedIn, log_in
from dovetail.database.unit_of_work import lookup_session
from dovetail.plugin import context_of


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to a challenge: exactly one of the three fields is set."""

    code: str | None = None  # of an authenticator app
    recovery_code: str | None = None
    passkey: Json | None = None  # an assertion, in the format of PublicKeyCredential.toJSON()

    @property
    def kind(self) -> str:
        """Return the kind of the factor, such as "totp"."""
        return "totp" if self.code is not None else "passkey" if self.recovery_code is None else "recovery_code"


@dataclass(frozen=True, kw_only=True)
class SecondStep:
    """A login that needs a second factor: the challenge, and the methods to answer it."""

    challenge: str = field(repr=False)
    methods: tuple[str, ...]
    expires_in: int
    passkey: Json | None  # options for the browser, if a passkey is among the methods


@dataclass(frozen=True, kw_only=True)
class VerifiedUser:
    """A user who has proved their identity, and the method: `"password+totp"`, `"passkey"`. Their row is locked."""

    user: User
    method: str
    second_factor: bool = True
    proved_at: datetime | None = None  # None means now


class Refusal(Enum):
    """The reason why an answer is refused."""

    WRONG = auto()  # another answer may be tried
    OVER = auto()  # the challenge has ended, or has had too many answers


async def begin_login(
    session: AsyncSession, user: User, *, connection: HTTPConnection, method: str
) -> LoggedIn | SecondStep:
    """Return a new session for a user who was authenticated by `method` ("ldap"), or a challenge for a second factor.

    The client sends the challenge and the factor to POST /auth/login/second-factor, which returns the token. Lock the
    user's row first, as for `log_in`. Raise NotAuthenticatedError if the user is deactivated.
    """
    party = find_relying_party(context_of(session), connection)
    step = await begin_second_step(session, user, method, party)
    return step or await log_in(session, user, connection=connection, method=method)


async def begin_second_step(
    session: AsyncSession, user: User, method: str, party: RelyingParty | None
) -> SecondStep | None:
    """Return the challenge for a user who was authenticated by `method`; None if they have no second factor."""
    if not user.has_second_factor:
        return None
    challenge = await make_challenge(session, ChallengePurpose.LOGIN, user.id, method=method)
    return await _describe(session, user.id, challenge, party)


async def resume_second_step(session: AsyncSession, challenge: str, party: RelyingParty | None) -> SecondStep | None:
    """Return the second step for an existing challenge; None if it has ended."""
    found = await find_challenge(session, challenge, ChallengePurpose.LOGIN)
    if found is None or found.user_id is None or found.attempts >= MAXIMUM_ATTEMPTS:
        return None
    return await _describe(session, found.user_id, challenge, party)


async def finish_second_step(
    session: AsyncSession, challenge: str, answer: Answer, party: RelyingParty | None
) -> VerifiedUser | Refusal:
    """Return the user who answered the challenge, and use it up; return a Refusal for a wrong answer (at most five).

    The transaction has to be committed in any case, to keep the count. Pass a session that has not been used yet. Raise
    TooManyRequestsError after too many attempts, over all challenges of a user.
    """
    async with lookup_session(session) as lookup:
        found = await find_challenge(lookup, challenge, ChallengePurpose.LOGIN)
    if found is None or found.user_id is None:
        return Refusal.OVER
    await begin_proof(AccountRef(found.user_id), is_guessable=answer.code is not None)
    # Lock the user first, as all code does. On SQLite, a transaction that has read outdated data could not write.
    user = await lock_active(session, found.user_id)
    if user is None or not await count_attempt(session, found):
        return Refusal.OVER
    method = await verify_answer(session, user, answer, challenge, party)
    if method is None:
        await record(session, EventKind.FACTOR_FAILED, user=user, detail=answer.kind)
        return Refusal.WRONG
    if not await use_challenge(session, challenge, ChallengePurpose.LOGIN, user_id=user.id):
        return Refusal.OVER
    return VerifiedUser(user=user, method=f"{found.method}+{method}")


async def finish_passkey_login(session: AsyncSession, credential: Json, party: RelyingParty) -> VerifiedUser | None:
    """Return the user whose passkey signed a challenge of `begin_passkey_login`; None if it is invalid.

    The challenge is used up in any case. Pass a session that has not been used yet.
    """
    challenge = challenge_in(credential)
    async with lookup_session(session) as lookup:
        found = await find_passkey(lookup, credential)
    user = None if found is None else await lock_active(session, found.user_id)
    if not await use_challenge(session, challenge, ChallengePurpose.PASSKEY_LOGIN):
        return None
    if user is None:
        return None
    if await use_passkey(session, user, credential, challenge, party) is None:
        await record(session, EventKind.FACTOR_FAILED, user=user, detail="passkey")
        return None
    return VerifiedUser(user=user, method="passkey")


async def verify_answer(
    session: AsyncSession,
    user: User,
    answer: Answer,
    challenge: str,
    party: RelyingParty | None,
) -> str | None:
    """Return the kind of factor with which a locked user answers, `"totp"`; None if the answer is wrong or used."""
    if answer.code is not None:
        return "totp" if await use_totp(session, user.id, answer.code) else None
    if answer.recovery_code is not None:
        return await _use_recovery_code(session, user, answer.recovery_code)
    if answer.passkey is None or party is None:
        return None
    used: Passkey | None = await use_passkey(session, user, answer.passkey, challenge, party)
    return None if used is None else "passkey"


async def lock_active(session: AsyncSession, user_id: int) -> User | None:
    """Return the user, locked until the transaction ends; None if they are not active."""
    user = await lock_user(session, user_id)
    return user if user is not None and user.is_active else None


async def _describe(session: AsyncSession, user_id: int, challenge: str, party: RelyingParty | None) -> SecondStep:
    methods = await methods_of(session, user_id)
    if party is None:
        methods = tuple(name for name in methods if name != "passkey")
    passkey = None
    if party is not None and "passkey" in methods:
        passkey = request_options(party, challenge, await passkeys_of(session, user_id))
    return SecondStep(challenge=challenge, methods=methods, expires_in=LIFETIME, passkey=passkey)


async def _use_recovery_code(session: AsyncSession, user: User, code: str) -> str | None:
    if not await use_recovery_code(session, user.id, code):
        return None
    left = await count_recovery_codes(session, user.id)
    await record(session, EventKind.RECOVERY_CODE_USED, user=user, detail=f"{left} are left")
    return "recovery_code"
