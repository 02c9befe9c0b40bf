"""Authenticator apps: enrol one, confirm that it shows the right codes, and take a code once (RFC 6238, by PyOTP)."""

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
    """Make an app's secret and return its row and the secret in base32; it counts once `confirm_totp` saw a code.

    What the user began before and did not confirm is gone.
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
    """Return the secret of an app that is about to be confirmed; nothing if SECRET_KEY is another one by now."""
    return decrypt(row.secret, _key(session)) or ""


def otpauth_uri(secret: str, username: str, issuer: str) -> str:
    """Return what the QR code holds (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


async def find_unconfirmed(session: AsyncSession, user_id: int, key: int) -> Totp | None:
    """Return an app of the user that is not confirmed yet and may still be."""
    return await session.scalar(
        select(Totp).where(
            Totp.id == key,
            Totp.user_id == user_id,
            Totp.confirmed_at.is_(None),
            Totp.created_at > datetime.now(UTC) - TIME_TO_CONFIRM,
        )
    )


async def confirm_totp(session: AsyncSession, row: Totp, code: str) -> bool:
    """Let the app count from now on if it shows the right code; False if it does not."""
    if not await _use(session, row, code):
        return False
    row.confirmed_at = datetime.now(UTC)
    await session.flush()
    return True


async def use_totp(session: AsyncSession, user_id: int, code: str) -> bool:
    """Return True if one of the user's apps shows this code, which has not been used: it is from now on."""
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
    # By the SECRET_KEY of now, should it have been another one.
    renewed = {} if len(secrets_to_read_with(key)) == 1 else {"secret": encrypt(secret, key)}
    # One statement decides: of two who send one code at once, the later finds the step moved.
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
    """Return the number of the 30 seconds, from 1970 on, whose code this is; None for a code of another time.

    The clock of the device may be `drift` steps early or late (RFC 6238, section 5.2).
    """
    import pyotp

    typed = "".join(code.split())
    if len(typed) != DIGITS or not typed.isascii():
        return None
    current = int(now.timestamp()) // STEP
    app = pyotp.TOTP(secret, digits=DIGITS, interval=STEP)
    steps = range(current - drift, current + drift + 1)
    return next((step for step in steps if compare_digest(app.generate_otp(step), typed)), None)
