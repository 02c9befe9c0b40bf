"""Change the factors of a user whose row is locked; each change is recorded as an event and told by e-mail."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors import held, totp
from dovetail.contrib.auth.factors.models import MAXIMUM_NAME, Passkey, Totp
from dovetail.contrib.auth.factors.passkeys.registration import finish_registration
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty
from dovetail.contrib.auth.factors.passkeys.webauthn_json import Json
from dovetail.contrib.auth.factors.recovery_codes import make_recovery_codes
from dovetail.contrib.auth.mail.outbox import notify_of_change
from dovetail.contrib.auth.models import User
from dovetail.errors import ConflictError, FieldError, InvalidInputError, NotFoundError
from dovetail.translation.texts import gettext, gettext_lazy
from dovetail.validators import clean_name

ADDED = {
    Totp: gettext_lazy("the authenticator app “%(name)s” was added."),
    Passkey: gettext_lazy("the passkey “%(name)s” was added."),
}
REMOVED = {
    Totp: gettext_lazy("the authenticator app “%(name)s” was removed."),
    Passkey: gettext_lazy("the passkey “%(name)s” was removed."),
}


@dataclass(frozen=True, kw_only=True)
class Added:
    """A factor that was just activated, with the recovery codes if it is the first one."""

    factor: Totp | Passkey
    recovery_codes: list[str] = field(repr=False)


async def begin_totp_enrolment(session: AsyncSession, user: User, name: str) -> tuple[Totp, str]:
    """Return a new, unconfirmed authenticator app and its secret. Raise ConflictError if the user has too many."""
    await held.check_room(session, user)
    return await totp.begin_totp(session, user, _clean(name))


async def confirm_totp_enrolment(session: AsyncSession, user: User, key: int, code: str) -> Added | None:
    """Activate an authenticator app; return None for a wrong code.

    Raise NotFoundError if there is no such unconfirmed app, or if it is too old.
    """
    row = await totp.find_unconfirmed(session, user.id, key)
    if row is None:
        raise NotFoundError(gettext("No authenticator app of yours waits for a code under this number; enrol it anew."))
    if not await totp.confirm_totp(session, row, code):
        return None
    return await _added(session, user, row)


async def register_passkey(
    session: AsyncSession, user: User, name: str, credential: Json, party: RelyingParty
) -> Added | None:
    """Store a passkey of the user's authenticator; return None if it does not answer an open challenge.

    Raise ConflictError if it is registered already, or if the user has too many.
    """
    await held.check_room(session, user)
    passkey = await finish_registration(session, user, _clean(name), credential, party)
    return None if passkey is None else await _added(session, user, passkey)


async def rename_factor(
    session: AsyncSession, user: User, kind: type[Totp] | type[Passkey], key: int, name: str
) -> Totp | Passkey:
    """Rename a factor. Raise NotFoundError if the user does not have it."""
    factor = await held.find_factor(session, user, kind, key)
    factor.name = _clean(name)
    await session.flush()
    return factor


async def remove_own_factor(session: AsyncSession, user: User, factor: Totp | Passkey) -> None:
    """Remove a factor. Raise ConflictError if the user could not log in without it."""
    await held.remove_factor(session, user, factor)
    name, text = factor.name, REMOVED[type(factor)]
    await _notify(
        session, user, EventKind.FACTOR_REMOVED, f"{_described(factor)} was removed", lambda: text % {"name": name}
    )


async def renew_recovery_codes(session: AsyncSession, user: User) -> list[str]:
    """Return new recovery codes; earlier ones become invalid. Raise ConflictError if the user has no factor."""
    if not user.has_second_factor:
        raise ConflictError(gettext("Recovery codes stand in for a second factor, and you have none; enrol one first."))
    codes = await make_recovery_codes(session, user.id)
    await _notify(
        session,
        user,
        EventKind.RECOVERY_CODES_MADE,
        "new recovery codes were made",
        lambda: gettext("new recovery codes were made."),
    )
    return codes


async def remove_factors_of(session: AsyncSession, user: User) -> int:
    """Remove all factors of a user who lost them, and return how many there were. Sessions are not ended."""
    count = await held.remove_all_factors(session, user)
    if count:
        await _notify(
            session,
            user,
            EventKind.FACTOR_REMOVED,
            "all second factors and passkeys were removed",
            lambda: gettext("all second factors and passkeys were removed."),
        )
    return count


async def _added(session: AsyncSession, user: User, factor: Totp | Passkey) -> Added:
    codes = await held.factor_added(session, user)
    name, text = factor.name, ADDED[type(factor)]
    await _notify(
        session, user, EventKind.FACTOR_ADDED, f"{_described(factor)} was added", lambda: text % {"name": name}
    )
    return Added(factor=factor, recovery_codes=codes)


async def _notify(session: AsyncSession, user: User, kind: EventKind, detail: str, text: Callable[[], str]) -> None:
    """Record the change in English, and send the user an e-mail with what `text` returns in their language."""
    await record(session, kind, user=user, detail=detail)
    await notify_of_change(session, user, text)


def _described(factor: Totp | Passkey) -> str:
    return f"the {'authenticator app' if isinstance(factor, Totp) else 'passkey'} {factor.name!r}"


def _clean(name: str) -> str:
    """Return the normalized name. Raise InvalidInputError for an invalid one."""
    try:
        return clean_name(name, maximum=MAXIMUM_NAME)
    except ValueError:
        detail = gettext("A factor has a name of 1 to %(maximum_name)s characters, by which you know it again.") % {
            "maximum_name": MAXIMUM_NAME
        }
        error = FieldError(pointer="/name", detail=detail, type="value_error")
        raise InvalidInputError(detail, errors=[error]) from None
