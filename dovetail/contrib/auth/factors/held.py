"""The factors of a user; also keeps `User.has_second_factor` up to date."""

from dataclasses import dataclass

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.models import Passkey, RecoveryCode, Totp
from dovetail.contrib.auth.factors.recovery_codes import (
    count_recovery_codes,
    delete_recovery_codes,
    make_recovery_codes,
)
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.errors import ConflictError, NotFoundError
from dovetail.translation.texts import gettext

MAXIMUM_FACTORS = 20  # of each kind for a user


@dataclass(frozen=True, kw_only=True)
class Factors:
    """The active factors of a user, oldest first, and the number of recovery codes left."""

    totp: list[Totp]
    passkeys: list[Passkey]
    recovery_codes: int


async def factors_of(session: AsyncSession, user_id: int) -> Factors:
    """Return the factors of a user."""
    totp = await session.scalars(
        select(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)).order_by(Totp.id)
    )
    passkeys = await session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return Factors(
        totp=list(totp), passkeys=list(passkeys), recovery_codes=await count_recovery_codes(session, user_id)
    )


async def check_room(session: AsyncSession, user: User) -> None:
    """Raise ConflictError if the user already has the maximum number of factors of a kind."""
    held = await factors_of(session, user.id)
    if max(len(held.totp), len(held.passkeys)) >= MAXIMUM_FACTORS:
        raise ConflictError(
            gettext("You have %(maximum_factors)s factors of one kind; remove one first.")
            % {"maximum_factors": MAXIMUM_FACTORS}
        )


async def factor_added(session: AsyncSession, user: User) -> list[str]:
    """Update `has_second_factor`, and return recovery codes if the user had none yet."""
    await note_factors(session, user)
    if await count_recovery_codes(session, user.id):
        return []
    return await make_recovery_codes(session, user.id)


async def remove_factor(session: AsyncSession, user: User, factor: Totp | Passkey) -> None:
    """Remove a factor of a locked user; the recovery codes are removed with the last one.

    Raise ConflictError for the last passkey of a user without a password, who could not log in any more.
    """
    held = await factors_of(session, user.id)
    if user.hashed_password == UNUSABLE_PASSWORD and isinstance(factor, Passkey) and len(held.passkeys) == 1:
        raise ConflictError(
            gettext(
                "You have no password, so you could not log in without this passkey; "
                "add another one, or set a password."
            )
        )
    await session.delete(factor)
    await session.flush()
    await note_factors(session, user)


async def remove_all_factors(session: AsyncSession, user: User) -> int:
    """Remove all factors and recovery codes of a locked user; return how many factors there were."""
    return await _remove(session, user, Totp, Passkey)


async def remove_passkeys(session: AsyncSession, user: User) -> int:
    """Remove all passkeys of a locked user; return how many there were. Recovery codes go with the last factor."""
    return await _remove(session, user, Passkey)


async def note_factors(session: AsyncSession, user: User) -> None:
    """Update `User.has_second_factor`; delete the recovery codes if no factor is left."""
    has_one = or_(
        exists().where(Totp.user_id == user.id, Totp.confirmed_at.is_not(None)),
        exists().where(Passkey.user_id == user.id),
    )
    noted = update(User).where(User.id == user.id).values(has_second_factor=has_one)
    await session.execute(noted, execution_options=NO_SYNCHRONIZATION)
    await session.refresh(user, ["has_second_factor", "updated_at"])
    if not user.has_second_factor:
        await delete_recovery_codes(session, user.id)


async def find_factor(session: AsyncSession, user: User, kind: type[Totp] | type[Passkey], key: int) -> Totp | Passkey:
    """Return a factor of a user. Raise NotFoundError if the user does not have it."""
    row: Totp | Passkey | None = await session.scalar(select(kind).where(kind.id == key, kind.user_id == user.id))
    if row is None or (isinstance(row, Totp) and row.confirmed_at is None):
        raise NotFoundError(gettext("You have no such factor."))
    return row


async def methods_of(session: AsyncSession, user_id: int) -> tuple[str, ...]:
    """Return the methods by which a user can answer a challenge: some of `("totp", "passkey", "recovery_code")`."""
    held = {
        "totp": exists().where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)),
        "passkey": exists().where(Passkey.user_id == user_id),
        "recovery_code": exists().where(RecoveryCode.user_id == user_id),
    }
    row = (await session.execute(select(*held.values()))).one()
    return tuple(name for name, has in zip(held, row, strict=True) if has)


async def _remove(session: AsyncSession, user: User, *tables: type[Totp] | type[Passkey]) -> int:
    removed = 0
    for table in tables:
        statement = delete(table).where(table.user_id == user.id).returning(table.id)
        removed += len((await session.execute(statement, execution_options=NO_SYNCHRONIZATION)).all())
    if removed:
        await note_factors(session, user)
    return removed
