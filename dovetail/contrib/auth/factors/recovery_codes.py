"""Recovery codes: ten codes, shown only once, each of which replaces a lost second factor for one login."""

import secrets

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.models import RecoveryCode
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.signing import hash_token

COUNT = 10
GROUPS, GROUP_LENGTH = 4, 6
# Crockford's base32 alphabet, which has no ambiguous characters. 24 of them are 120 bits, so that a plain SHA-256 hash
# is enough (OWASP ASVS 5.0, requirement 6.5.2).
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MAXIMUM_CODE = 64  # characters of user input


async def make_recovery_codes(session: AsyncSession, user_id: int) -> list[str]:
    """Create new codes for a user and return them, `"3k7p9w-..."`; earlier ones become invalid."""
    await delete_recovery_codes(session, user_id)
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(COUNT)]
    rows = [{"user_id": user_id, "code_hash": _hash(code)} for code in codes]
    await session.execute(insert(RecoveryCode).values(rows))
    return codes


async def use_recovery_code(session: AsyncSession, user_id: int, code: str) -> bool:
    """Use up a code of a user; return whether it was valid. Only one of several concurrent calls succeeds."""
    used = await session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(code))
        .returning(RecoveryCode.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    return used.one_or_none() is not None


async def count_recovery_codes(session: AsyncSession, user_id: int) -> int:
    """Return how many codes a user has left."""
    count = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return await session.scalar(count) or 0


async def delete_recovery_codes(session: AsyncSession, user_id: int) -> None:
    """Delete all codes of a user."""
    statement = delete(RecoveryCode).where(RecoveryCode.user_id == user_id)
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH))


def _hash(code: str) -> str:
    """Return the hash of a code, ignoring case and separators, and accepting the letter O for the digit 0 and so on."""
    typed = "".join(sign for sign in code.lower() if sign.isalnum())
    return hash_token(typed.translate(str.maketrans("oil", "011")))
