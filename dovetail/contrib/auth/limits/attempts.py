"""Slow down who guesses: passwords and second factors, before anything is hashed, at every door alike.

Four things are counted, and a refused attempt counts nowhere:

- all attempts from one network, so that nobody keeps the machine busy;
- wrong ones for one account from one network. An attacker elsewhere does not lock the owner out;
- wrong ones for one account from all networks together that never logged in to it: who guesses from a thousand
  addresses is slowed down too, and the owner at a place where they logged in before is not;
- wrong ones with one password, whatever the account, for who tries one password on all accounts (password spraying).
  Of a password 16 bits of a keyed hash are the name of a counter: each stands for a 65,536th of all passwords.

Unknown accounts are counted as known ones are. What a success gives back was only counted in advance, since many may
try at once.
"""

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.api.throttling.rates import LIMITER, Charge, Limiter, network_of, take_or_refuse
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.origin import Who, who
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.setting_types.limits import LimitSettings
from dovetail.errors import TooManyRequestsError
from dovetail.plugin import PLUGIN_SETTINGS
from dovetail.settings import SETTINGS
from dovetail.signing import Signer
from dovetail.state import current_application, current_scope

REMEMBERED = 90 * 24 * 3600  # seconds that a network counts as one where the owner is
PURPOSE = "auth.limits"
PASSWORD_BYTES = 2


@dataclass(frozen=True)
class Attempt:
    """An attempt that was let through; outside of a request nothing is counted, and `limiter` is None."""

    limiter: Limiter | None = None
    place: str = ""
    is_known: bool = False
    advance: tuple[Charge, ...] = ()

    async def succeed(self, session: AsyncSession | None = None, *, remember: bool = False) -> None:
        """Give back what was counted in advance, and `remember` that the owner logs in from here.

        Call it while no row is locked; where the database counts, it is done in the transaction of `session`.
        """
        if self.limiter is None:
            return
        place = (self.place, REMEMBERED) if remember and not self.is_known else None
        if self.advance or place is not None:
            await self.limiter.give_back(self.advance, remember=place, session=session)


async def begin_login(user: User | None, login: str, password: str) -> Attempt:
    """Count a login in advance, to an account or to a name that is nobody's. Raise TooManyRequestsError.

    Call it while no connection is held.
    """
    desk = _desk()
    if desk is None:
        return Attempt()
    account = account_key(who(user), login, desk.secret_key)
    place = f"{account}@{desk.network}"
    advance = [Charge("login", place, rate) for rate in desk.settings.throttle_login]
    is_known = await desk.limiter.remembers(place)
    if not is_known:
        advance += [Charge("login-account", account, rate) for rate in desk.settings.throttle_login_account]
        bits = _password_key(password, desk.secret_key)
        advance += [Charge("login-password", bits, rate) for rate in desk.settings.throttle_login_password]
    return await _take(desk, user, advance, Attempt(desk.limiter, place, is_known, tuple(advance)))


async def begin_proof(user: User | Who, *, is_guessable: bool = True) -> Attempt:
    """Count in advance that somebody who is logged in, or half so, proves who they are. Raise as `begin_login` does.

    Whoever gets that far has a token or the password, so all networks count together. What nobody guesses, a passkey or
    a recovery code, counts for the network alone: by one of those the owner gets in while somebody else guesses.
    """
    desk = _desk()
    if desk is None:
        return Attempt()
    account = account_key(who(user), "", desk.secret_key)
    place = f"{account}@{desk.network}"
    if not is_guessable:
        return await _take(desk, user, [], Attempt(desk.limiter, place))
    advance = [Charge("factor", place, rate) for rate in desk.settings.throttle_factor]
    advance += [Charge("factor-account", account, rate) for rate in desk.settings.throttle_login_account]
    return await _take(desk, user, advance, Attempt(desk.limiter, place, advance=tuple(advance)))


def account_key(account: Who, login: str, secret_key: SecretStr) -> str:
    """Return the name of an account in keys: of a name that is nobody's a hash, for now and then it is a password."""
    if account.id is not None:
        return f"user {account.id}"
    return f"name {Signer(secret_key, PURPOSE).signature(login.strip().casefold().encode(errors='replace'))[:8].hex()}"


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """The means to count what the request at hand tries."""

    limiter: Limiter
    settings: LimitSettings
    secret_key: SecretStr
    network: str


def _desk() -> _Desk | None:
    # Imported here: commands that change users do without Starlette.
    from starlette.requests import HTTPConnection

    app, scope = current_application(), current_scope.get()
    if app is None or scope is None:
        return None
    settings = PLUGIN_SETTINGS.get(app)["auth"]
    assert isinstance(settings, LimitSettings)  # noqa: S101 - the plugin names this class
    return _Desk(
        limiter=LIMITER.get(app),
        settings=settings,
        secret_key=SETTINGS.get(app).secret_key,
        network=network_of(HTTPConnection(scope)),
    )


async def _take(desk: _Desk, user: User | Who | None, advance: list[Charge], attempt: Attempt) -> Attempt:
    always = [Charge("login-network", desk.network, rate) for rate in desk.settings.throttle_login_network]
    try:
        await take_or_refuse(desk.limiter, [*always, *advance])
    except TooManyRequestsError:
        known = user if isinstance(user, User) else None
        await record_failure(EventKind.LOCKOUT, user=known, detail="too many attempts")
        raise
    return attempt


def _password_key(password: str, secret_key: SecretStr) -> str:
    signature = Signer(secret_key, f"{PURPOSE}.password").signature(password.encode(errors="replace"))
    return signature[:PASSWORD_BYTES].hex()
