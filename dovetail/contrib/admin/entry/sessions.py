"""Know who is logged in to the back office: by a session of auth, whose token the browser keeps in a cookie."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.auth.acting.impersonation import remember_impersonator
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import permission_columns
from dovetail.contrib.auth.sessions.current import SESSION_COLUMNS, remember_holder
from dovetail.contrib.auth.sessions.log_in import Lifetime
from dovetail.contrib.auth.sessions.models import Door, Session
from dovetail.contrib.auth.sessions.rotation import rights_of
from dovetail.signing import hash_token

DOORS = (Door.OFFICE, Door.ACTING)
NOTED_RIGHTS = "noted_rights"  # in the __dict__ of a User, where no column is


async def get_user(session: AsyncSession, key: str) -> User | None:
    """Return the user who is logged in with this key, or None for somebody who is no longer active staff.

    It may be somebody as whom another acts, who may do that still.
    """
    now = datetime.now(UTC)
    rows = await session.execute(
        select(
            User,
            Session.rights,
            Session.door,
            Session.parent_id,
            *permission_columns(session.get_bind().dialect),
            *SESSION_COLUMNS,
        )
        .join(Session, User.id == Session.user_id)
        .where(Session.token_hash == hash_token(key), Session.expires_at > now, Session.door.in_(DOORS)),
    )
    found = rows.one_or_none()
    if found is None or not (found[0].is_active and found[0].is_staff):
        return None
    user: User = found[0]
    _, rights, door, parent_id, *others = found
    remember_holder(user, others)
    vars(user)[NOTED_RIGHTS] = rights
    if door == Door.ACTING and not await remember_impersonator(session, user, parent_id):
        return None
    return user


def has_other_rights(user: User) -> bool:
    """Return True if a user may do something else than when the token of their session was made."""
    noted: str = vars(user).get(NOTED_RIGHTS, "")
    return noted != rights_of(user)


def lifetime_of(settings: AdminSettings) -> Lifetime:
    """Return how long the sessions of the back office last."""
    return Lifetime(absolute=settings.session_lifetime, idle=settings.session_idle_seconds)
