"""Require a recent proof of identity before users change their credentials.

    @router.post("/auth/keys")
    async def add_key(row: RecentProof, user: CurrentUser, ...) -> KeyRead: ...

The proof is a login, a password or a second factor, given within the last `AUTH_PROOF_SECONDS` in the session of this
request. Somebody who found an open browser, or has stolen a token, cannot give it.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.credential_changes import Proof
from dovetail.contrib.auth.current_user import CurrentUser, EnrollingUserBeside
from dovetail.contrib.auth.factors.second_step import lock_active
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.sessions.current import load_session, session_of
from dovetail.contrib.auth.sessions.log_in import settings_of
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import lookup_session
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError
from dovetail.translation.texts import gettext


class ProofRequiredError(NotAuthenticatedError):
    """Prove your identity again: send your password to the operation prove, then repeat this request."""

    slug = "proof-required"
    title = "Recent Proof Required"

    def __init__(self, seconds: int) -> None:
        super().__init__()
        # RFC 9470, section 3: the last login is older than max_age.
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{seconds}"'
        self.headers["WWW-Authenticate"] = challenge


async def current_row(session: AsyncSession, user: User) -> Session:
    """Return the row of the session of this request.

    Raise PermissionDeniedError if it has none, for instance with a personal token.
    """
    row = await load_session(session, user)
    if row is None:
        raise _no_login()
    return row


async def check_recent_proof(session: AsyncSession, user: User) -> Session:
    """Return the row of the session of this request, if it has a recent proof.

    Raise ProofRequiredError otherwise, and PermissionDeniedError for a request without a session.
    """
    return _proved(await current_row(session, user), settings_of(session).proof_seconds)


async def lock_proven(session: AsyncSession, user: User) -> User:
    """Return the current user, locked, if they have a recent proof. Raise as `check_recent_proof` does."""
    await check_recent_proof(session, user)
    locked = await lock_active(session, user.id)
    if locked is None:
        raise NotAuthenticatedError
    return locked


async def prove_without_password(session: AsyncSession, user: User) -> Proof:
    """Return the proof of a user without a password: a recent proof in the session of this request.

    It is valid while the user has no password. `session` is only used for lookups. Raise as `check_recent_proof` does.
    """
    async with lookup_session(session) as lookup:
        row = await current_row(lookup, user)
    _proved(row, settings_of(session).proof_seconds)
    return Proof(frozenset({UNUSABLE_PASSWORD}))


async def get_recent_proof(user: CurrentUser, session: SessionDep) -> Session:
    """Return the session of this request, which has a recent proof. Raise as `check_recent_proof` does."""
    return await check_recent_proof(session, user)


RecentProof = Annotated[Session, Depends(get_recent_proof)]


async def get_proving_user(user: EnrollingUserBeside) -> User:
    """Return the current user, as EnrollingUserBeside does, for endpoints that take a proof.

    Raise PermissionDeniedError for a request without a session.
    """
    if session_of(user) is None:
        raise _no_login()
    return user


ProvingUser = Annotated[User, Depends(get_proving_user)]


def _no_login() -> PermissionDeniedError:
    return PermissionDeniedError(gettext("This takes a login: no other token can prove who is there."))


def _proved(row: Session, seconds: int) -> Session:
    if row.proved_at is None or row.proved_at <= datetime.now(UTC) - timedelta(seconds=seconds):
        raise ProofRequiredError(seconds)
    return row
