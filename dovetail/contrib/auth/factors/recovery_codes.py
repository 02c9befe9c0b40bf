"""Recovery codes: ten of them, shown once, each good for one login without the device one has lost."""

import secrets

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.models import RecoveryCode
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.signing import hash_token

COUNT = 10
GROUPS, GROUP_LENGTH = 4, 6
# Crockford's 32 signs: none is taken for another. 24 of them hold 120 bits, so that a plain SHA-256 is enough
# (OWASP ASVS 5.0, requirement 6.5.2).
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MAXIMUM_CODE = 64  # characters of what somebody types


async def make_recovery_codes(session: AsyncSession, user_id: int) -> list[str]:
    """Give a user new codes and return them, `"3k7p9w-..."`; the old ones are worthless from now on."""
    await delete_recovery_codes(session, user_id)
    codes = ["-".join(_group() for _ in range(GROUPS)) for _ in range(COUNT)]
    rows = [{"user_id": user_id, "code_hash": _hash(code)} for code in codes]
    await session.execute(insert(RecoveryCode).values(rows))
    return codes


async def use_recovery_code(session: AsyncSession, user_id: int, code: str) -> bool:
    """Use one code of a user up; False if it is none of theirs, or used already. Of two at once, one uses it."""
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
    """Make all codes of a user worthless."""
    statement = delete(RecoveryCode).where(RecoveryCode.user_id == user_id)
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH))


def _hash(code: str) -> str:
    """Return what is stored of a code, however it was typed: in capitals, with spaces, or with an O for a 0."""
    typed = "".join(sign for sign in code.lower() if sign.isalnum())
    return hash_token(typed.translate(str.maketrans("oil", "011")))
