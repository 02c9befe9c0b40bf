"""Authenticator apps: enrol one, confirm it with a code, and verify codes, each only once (RFC 6238, with PyOTP)."""

from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from pydantic import SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.factors.encryption import decrypt, encrypt
from dovetail.contrib.auth.factors.models import Totp
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.plugin import context_of
from dovetail.settings import secrets_to_read_with

STEP = 30  # seconds
DIGITS = 6
TIME_TO_CONFIRM = timedelta(hours=1)


async def begin_totp(session: AsyncSession, user: User, name: str) -> tuple[Totp, str]:
    """Create an app; return its row and its secret in base32. It is inactive until `confirm_totp` gets a right code.

    Unconfirmed apps of the user are deleted.
    """
    import pyotp

    await session.execute(
        delete(Totp).where(Totp.user_id == user.id, Totp.confirmed_at.is_(None)), execution_options=NO_SYNCHRONIZATION
    )
    secret = pyotp.random_base32()  # 160 bits
    row = Totp(user_id=user.id, name=name, secret=encrypt(secret, _key(session)), created_at=datetime.now(UTC))
    session.add(row)
    await session.flush()
    return row, secret


def secret_of(session: AsyncSession, row: Totp) -> str:
    """Return the secret of an unconfirmed app; "" if SECRET_KEY has been changed meanwhile."""
    return decrypt(row.secret, _key(session)) or ""


def otpauth_uri(secret: str, username: str, issuer: str) -> str:
    """Return the URI for the QR code (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


async def find_unconfirmed(session: AsyncSession, user_id: int, key: int) -> Totp | None:
    """Return an unconfirmed app of the user that can still be confirmed; None if there is none."""
    return await session.scalar(
        select(Totp).where(
            Totp.id == key,
            Totp.user_id == user_id,
            Totp.confirmed_at.is_(None),
            Totp.created_at > datetime.now(UTC) - TIME_TO_CONFIRM,
        )
    )


async def confirm_totp(session: AsyncSession, row: Totp, code: str) -> bool:
    """Activate the app if the code is right; return whether it was."""
    if not await _use(session, row, code):
        return False
    row.confirmed_at = datetime.now(UTC)
    await session.flush()
    return True


async def use_totp(session: AsyncSession, user_id: int, code: str) -> bool:
    """Return whether one of the user's apps shows this code and it was not used before; mark it as used."""
    rows = await session.scalars(select(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)))
    for row in rows.all():
        if await _use(session, row, code):
            return True
    return False


async def _use(session: AsyncSession, row: Totp, code: str) -> bool:
    now, key = datetime.now(UTC), _key(session)
    secret = decrypt(row.secret, key)
    drift = AuthSettings.of(context_of(session).plugin_settings).totp_drift
    step = None if secret is None else _find_step(secret, code, now, drift)
    if secret is None or step is None:
        return False
    # Encrypt the secret with the current SECRET_KEY if there are older ones.
    renewed = {} if len(secrets_to_read_with(key)) == 1 else {"secret": encrypt(secret, key)}
    # The condition on last_step decides between concurrent requests with the same code: only one updates the row.
    moved = await session.execute(
        update(Totp)
        .where(Totp.id == row.id, Totp.last_step < step)
        .values(last_step=step, last_used_at=now, **renewed)
        .returning(Totp.id),
        execution_options=NO_SYNCHRONIZATION,
    )
    return moved.one_or_none() is not None


def _key(session: AsyncSession) -> SecretStr:
    return context_of(session).settings.secret_key


def _find_step(secret: str, code: str, now: datetime, drift: int) -> int | None:
    """Return the number of the 30-second step (since 1970) that the code belongs to; None if it is not a current one.

    The clock of the device may be up to `drift` steps early or late (RFC 6238, section 5.2).
    """
    import pyotp

    typed = "".join(code.split())
    if len(typed) != DIGITS or not typed.isascii():
        return None
    current = int(now.timestamp()) // STEP
    app = pyotp.TOTP(secret, digits=DIGITS, interval=STEP)
    steps = range(current - drift, current + drift + 1)
    return next((step for step in steps if compare_digest(app.generate_otp(step), typed)), None)
