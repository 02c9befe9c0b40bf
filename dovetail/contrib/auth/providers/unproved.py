"""Remove logins from an account whose address its registrant never verified."""

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors.held import remove_passkeys
from dovetail.contrib.auth.mail.outbox import notify_of_change
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.providers.connected import disconnect_all
from dovetail.translation.texts import gettext


async def remove_unproved_logins(session: AsyncSession, user: User) -> None:
    """Remove the passkeys and connected logins of a locked user, whose address a reset has verified just now.

    Anybody may have registered the account with this address, and could still log in with them. Authenticator apps
    remain, since they are useless without the new password.
    """
    passkeys, logins = await remove_passkeys(session, user), await disconnect_all(session, user)
    if passkeys:
        await record(session, EventKind.FACTOR_REMOVED, user=user, detail="all passkeys; the address was unverified")
    if passkeys or logins:
        await notify_of_change(
            session,
            user,
            lambda: gettext("all passkeys and connected logins were removed, since your address was not verified."),
        )
