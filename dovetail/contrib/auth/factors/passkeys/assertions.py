"""Verify a passkey's assertion: it signed our challenge after the user was verified by a fingerprint or a PIN."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.challenges import make_challenge
from dovetail.contrib.auth.factors.models import ChallengePurpose, Passkey
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty
from dovetail.contrib.auth.factors.passkeys.webauthn_json import (
    Json,
    credential_id_in,
    request_options,
    user_handle_in,
    verify_assertion,
)
from dovetail.contrib.auth.models import User
from dovetail.database.bulk import NO_SYNCHRONIZATION


async def begin_passkey_login(session: AsyncSession, party: RelyingParty) -> Json:
    """Return the options for a login by any passkey of this site, when the user is not known yet."""
    return request_options(party, await make_challenge(session, ChallengePurpose.PASSKEY_LOGIN, None))


async def find_passkey(session: AsyncSession, credential: Json) -> Passkey | None:
    """Return the passkey that an assertion names. It is not verified yet; `use_passkey` does that."""
    named = credential_id_in(credential)
    return None if named is None else await session.scalar(select(Passkey).where(Passkey.credential_id == named))


async def use_passkey(
    session: AsyncSession, user: User, credential: Json, challenge: str, party: RelyingParty
) -> Passkey | None:
    """Return the passkey of a locked user that signed the challenge, and update its counter; None if none did.

    The caller has to use up the challenge.
    """
    passkey = await find_passkey(session, credential)
    if passkey is None or passkey.user_id != user.id or user_handle_in(credential) not in {None, passkey.user_handle}:
        return None
    count = verify_assertion(party, credential, challenge, passkey)
    if count is None:
        return None
    # Authenticators without a counter always send 0.
    noted = await session.execute(
        update(Passkey)
        .where(Passkey.id == passkey.id, (Passkey.sign_count < count) if count else (Passkey.sign_count == 0))
        .values(sign_count=count, last_used_at=datetime.now(UTC))
        .returning(Passkey.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    return passkey if noted.one_or_none() is not None else None
