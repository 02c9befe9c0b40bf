"""Find the user of a browser by its cookie, which has the token of a session."""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Dialect, Executable, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.auth.acting.impersonation import remember_impersonator
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import permission_columns
from dovetail.contrib.auth.sessions.current import SESSION_COLUMNS, remember_holder, session_of
from dovetail.contrib.auth.sessions.log_in import Lifetime
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.sessions.rotation import rights_of
from dovetail.signing import hash_token

SESSION_KINDS = (SessionKind.OFFICE, SessionKind.ACTING)
NOTED_RIGHTS = "noted_rights"  # key in the __dict__ of a User, which no column has


async def get_user(session: AsyncSession, key: str) -> User | None:
    """Return the user of the session with this token; None if they are not active staff.

    If another user acts as them, it is checked that this is still allowed.
    """
    asked = {"token": hash_token(key), "now": datetime.now(UTC)}
    found = (await session.execute(_holder(session.get_bind().dialect), asked)).one_or_none()
    if found is None or not (found[0].is_active and found[0].is_staff):
        return None
    user: User = found[0]
    _, rights, kind, parent_id, *others = found
    remember_holder(user, others)
    vars(user)[NOTED_RIGHTS] = rights
    if kind == SessionKind.ACTING and not await remember_impersonator(session, user, parent_id):
        return None
    return user


async def has_same_rights(session: AsyncSession, user: User) -> bool:
    """Return whether the session of this request's user goes on, and they may do what they might when it began."""
    current = session_of(user)
    goes_on = Session.expires_at > datetime.now(UTC), User.is_active.is_(True), User.is_staff.is_(True)
    found = await session.execute(
        select(User, *permission_columns(session.get_bind().dialect))
        .join(Session, User.id == Session.user_id)
        .where(Session.id == (None if current is None else current.id), *goes_on)
    )
    row = found.one_or_none()
    if row is None:
        return False
    now: User = row[0]
    now.remember_permissions(row[1:])
    return rights_of(now) == rights_of(user)


@lru_cache(maxsize=8)  # cached, since building the statement takes as long as executing it
def _holder(dialect: Dialect) -> Executable:
    """Return the SELECT of the user of a session, with columns of the session and of permissions."""
    return (
        select(User, Session.rights, Session.kind, Session.parent_id, *permission_columns(dialect), *SESSION_COLUMNS)
        .join(Session, User.id == Session.user_id)
        .where(
            Session.token_hash == bindparam("token"),
            Session.expires_at > bindparam("now"),
            Session.kind.in_(SESSION_KINDS),
        )
    )


def has_other_rights(user: User) -> bool:
    """Return True if the rights of a user have changed since the token of their session was created."""
    noted: str = vars(user).get(NOTED_RIGHTS, "")
    return noted != rights_of(user)


def lifetime_of(settings: AdminSettings) -> Lifetime:
    """Return the lifetime of back office sessions."""
    return Lifetime(absolute=settings.session_lifetime, idle=settings.session_idle_seconds)
