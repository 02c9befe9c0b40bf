"""Limit attempts to guess passwords and second factors, in the API and the back office alike, before any hashing.

Four things are counted. A refused attempt is not counted:

- all attempts from one network, to protect the machine;
- wrong ones for one account from one network, so that an attacker elsewhere does not lock out the owner;
- wrong ones for one account from all networks that never logged in to it, so that an attacker with a thousand
  addresses is limited, too, but not the owner at a place where they logged in before;
- wrong ones with one password, over all accounts, against password spraying. Passwords are counted by 16 bits of a
  keyed hash, each value of which stands for one in 65,536 of all passwords.

Unknown accounts are counted like known ones. Every attempt is counted in advance, since many may run at once, and a
successful one is subtracted again.
"""

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.throttling.rates import LIMITER, Charge, Limiter, network_of, take_or_refuse
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.origin import AccountRef, account_ref_of
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.setting_types.limits import LimitSettings
from dovetail.errors import TooManyRequestsError
from dovetail.plugin import PLUGIN_SETTINGS
from dovetail.settings import SETTINGS
from dovetail.signing import Signer
from dovetail.state import current_application, current_scope

REMEMBERED = 90 * 24 * 3600  # seconds for which a network is known as one of the owner's
PURPOSE = "auth.limits"
PASSWORD_BYTES = 2


@dataclass(frozen=True)
class Attempt:
    """An attempt that was not refused; outside of a request nothing is counted, and `limiter` is None."""

    limiter: Limiter | None = None
    place: str = ""
    is_known: bool = False
    advance: tuple[Charge, ...] = ()

    async def succeed(self, session: AsyncSession | None = None, *, remember: bool = False) -> None:
        """Subtract what was counted in advance; with `remember`, store that the owner has logged in from this network.

        Call it while no row is locked. If the database counts, the transaction of `session` is used.
        """
        if self.limiter is None:
            return
        place = (self.place, REMEMBERED) if remember and not self.is_known else None
        if self.advance or place is not None:
            await self.limiter.give_back(self.advance, remember=place, session=session)


async def begin_login(user: User | None, login: str, password: str) -> Attempt:
    """Count a login in advance, for an account or an unknown name. Raise TooManyRequestsError if it is refused.

    `login` has to be normalized as for a lookup: all spellings of an unknown name are counted together, like those of a
    known one. Call it while no connection is held.
    """
    context = _attempt_context()
    if context is None:
        return Attempt()
    account = account_key(account_ref_of(user), login, context.secret_key)
    place = f"{account}@{context.network}"
    advance = [Charge("login", place, rate) for rate in context.settings.throttle_login]
    is_known = await context.limiter.remembers(place)
    if not is_known:
        advance += [Charge("login-account", account, rate) for rate in context.settings.throttle_login_account]
        bits = _password_key(password, context.secret_key)
        advance += [Charge("login-password", bits, rate) for rate in context.settings.throttle_login_password]
    return await _take(context, user, advance, Attempt(context.limiter, place, is_known, tuple(advance)))


async def begin_proof(user: User | AccountRef, *, is_guessable: bool = True) -> Attempt:
    """Count in advance a proof by a user who is logged in, at least by password. Raise as `begin_login` does.

    Since such a user already has a token or the password, all networks are counted together. A proof that cannot be
    guessed, by passkey or recovery code, is only limited by network, so that the owner can log in during an attack.
    """
    context = _attempt_context()
    if context is None:
        return Attempt()
    account = account_key(account_ref_of(user), "", context.secret_key)
    place = f"{account}@{context.network}"
    if not is_guessable:
        return await _take(context, user, [], Attempt(context.limiter, place))
    advance = [Charge("factor", place, rate) for rate in context.settings.throttle_factor]
    advance += [Charge("factor-account", account, rate) for rate in context.settings.throttle_login_account]
    return await _take(context, user, advance, Attempt(context.limiter, place, advance=tuple(advance)))


def account_key(account: AccountRef, login: str, secret_key: SecretStr) -> str:
    """Return the name of an account in keys; for an unknown name a hash, since users sometimes type their password."""
    if account.id is not None:
        return f"user {account.id}"
    return f"name {Signer(secret_key, PURPOSE).signature(login.strip().casefold().encode(errors='replace'))[:8].hex()}"


@dataclass(frozen=True, kw_only=True)
class _AttemptContext:
    """Everything needed to count an attempt of the current request."""

    limiter: Limiter
    settings: LimitSettings
    secret_key: SecretStr
    network: str


def _attempt_context() -> _AttemptContext | None:
    # Imported here, since commands that change users do not need Starlette.
    from starlette.requests import HTTPConnection

    app, scope = current_application(), current_scope.get()
    if app is None or scope is None:
        return None
    settings = PLUGIN_SETTINGS.get(app)["auth"]
    assert isinstance(settings, LimitSettings)  # noqa: S101 - the plugin names this class
    return _AttemptContext(
        limiter=LIMITER.get(app),
        settings=settings,
        secret_key=SETTINGS.get(app).secret_key,
        network=network_of(HTTPConnection(scope)),
    )


async def _take(
    context: _AttemptContext, user: User | AccountRef | None, advance: list[Charge], attempt: Attempt
) -> Attempt:
    always = [Charge("login-network", context.network, rate) for rate in context.settings.throttle_login_network]
    try:
        await take_or_refuse(context.limiter, [*always, *advance])
    except TooManyRequestsError:
        known = user if isinstance(user, User) else None
        await record_failure(EventKind.LOCKOUT, user=known, detail="too many attempts")
        raise
    return attempt


def _password_key(password: str, secret_key: SecretStr) -> str:
    signature = Signer(secret_key, f"{PURPOSE}.password").signature(password.encode(errors="replace"))
    return signature[:PASSWORD_BYTES].hex()
