"""Register a passkey: create options for the browser, verify the new credential, and store its public key."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.challenges import make_challenge, use_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose, Passkey
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty
from dovetail.contrib.auth.factors.passkeys.webauthn_json import (
    Json,
    challenge_in,
    creation_options,
    transports_in,
    verify_registration,
)
from dovetail.contrib.auth.models import User
from dovetail.errors import ConflictError
from dovetail.plugin import context_of
from dovetail.signing import Signer, base64url
from dovetail.translation.texts import gettext


async def begin_registration(session: AsyncSession, user: User, party: RelyingParty) -> Json:
    """Return the options for the user's browser, with a challenge for one new passkey."""
    existing = await passkeys_of(session, user.id)
    challenge = await make_challenge(session, ChallengePurpose.REGISTER, user.id)
    return creation_options(party, user, _handle_of(session, user, existing), challenge, existing)


async def finish_registration(
    session: AsyncSession, user: User, name: str, credential: Json, party: RelyingParty
) -> Passkey | None:
    """Store a new passkey of the user; return None if it does not answer an open challenge of theirs.

    Raise ConflictError if the passkey is registered already.
    """
    challenge = challenge_in(credential)
    if not await use_challenge(session, challenge, ChallengePurpose.REGISTER, user_id=user.id):
        return None
    made = verify_registration(party, credential, challenge)
    if made is None:
        return None
    passkey = Passkey(
        user_id=user.id,
        name=name,
        user_handle=_handle_of(session, user, await passkeys_of(session, user.id)),
        credential_id=base64url(made.credential_id),
        public_key=base64url(made.credential_public_key),
        sign_count=made.sign_count,
        transports=transports_in(credential),
        aaguid=made.aaguid,
        is_backed_up=made.credential_backed_up,
        created_at=datetime.now(UTC),
    )
    try:
        async with session.begin_nested():
            session.add(passkey)
    except IntegrityError:
        raise ConflictError(gettext("This passkey is registered already.")) from None
    return passkey


async def passkeys_of(session: AsyncSession, user_id: int) -> list[Passkey]:
    """Return the passkeys of a user, oldest first."""
    rows = await session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return list(rows)


def _handle_of(session: AsyncSession, user: User, existing: list[Passkey]) -> str:
    """Return the user handle: that of existing passkeys, or else a new one, which reveals nothing about the user.

    It also depends on the time of registration, since the id of a deleted user may be used again.
    """
    if existing:
        return existing[0].user_handle
    signer = Signer(context_of(session).settings.secret_key, "auth.passkeys.user_handle")
    return base64url(signer.signature(f"{user.id} {user.created_at.isoformat()}".encode()))
