"""Let staff act as another user in the back office, but never as one with more permissions than their own.

Impersonation is a session of the other user that depends on the session of the staff member: both end together. It
gives access to the pages of the back office only, not to the other user's account pages and not to the API.
"""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import load_permissions, permission_columns
from dovetail.contrib.auth.proof import check_recent_proof
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.sessions.log_in import address_of, user_agent_of
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.sessions.rotation import rights_of
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.signing import hash_token
from dovetail.translation.texts import gettext

IMPERSONATE = "auth.impersonate_user"
LONGEST = timedelta(hours=1)
IMPERSONATOR = "impersonator"  # key in the __dict__ of a User, which is not a column


def impersonator_of(user: User | None) -> User | None:
    """Return who impersonates the user of this request; None if nobody does."""
    found: User | None = None if user is None else vars(user).get(IMPERSONATOR)
    return found


def why_not_impersonate(viewer: User, target: User) -> str | None:
    """Return why `viewer` may not impersonate `target`; None if they may. Both need their permissions loaded."""
    if viewer.id == target.id:
        return gettext("You are this user already.")
    if not viewer.has_perm(IMPERSONATE):
        return gettext("To act as somebody else takes the permission %(impersonate)s.") % {"impersonate": IMPERSONATE}
    if not (target.is_active and target.is_staff):
        return gettext("%(target)s may not enter the back office.") % {"target": target}
    if target.is_superuser and not viewer.is_superuser:
        return gettext("%(target)s is a superuser, and you are none.") % {"target": target}
    if not viewer.is_superuser and not target.permissions <= viewer.permissions:
        return gettext("%(target)s may do what you may not.") % {"target": target}
    return None


async def begin_impersonation(
    session: AsyncSession, viewer: User, target: User, connection: HTTPConnection
) -> tuple[str, int]:
    """Return (token of a session in which `viewer` acts as `target`, its lifetime in seconds).

    Raise PermissionDeniedError if they may not, ConflictError if `viewer` is impersonating somebody already, and as
    `check_recent_proof` does.
    """
    if impersonator_of(viewer) is not None:
        raise ConflictError(gettext("You act as somebody else already. Stop that first."))
    own = await check_recent_proof(session, viewer)
    await load_permissions(session, target)
    refusal = why_not_impersonate(viewer, target)
    if refusal is not None:
        raise PermissionDeniedError(refusal)
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    ends_at = min(now + LONGEST, own.ends_at or own.expires_at)
    session.add(
        Session(
            token_hash=hash_token(token),
            user_id=target.id,
            parent_id=own.id,
            kind=SessionKind.ACTING,
            method="impersonation",
            address=address_of(connection),
            user_agent=user_agent_of(connection),
            rights=rights_of(target),
            created_at=now,
            used_at=now,
            expires_at=ends_at,
        )
    )
    await record(session, EventKind.IMPERSONATION_BEGUN, user=target, actor=viewer)
    return token, max(int((ends_at - now).total_seconds()), 1)


async def remember_impersonator(session: AsyncSession, target: User, parent_id: int | None) -> bool:
    """Load the impersonator for `impersonator_of`, by one statement; return whether they may still impersonate."""
    rows = await session.execute(
        select(User, *permission_columns(session.get_bind().dialect))
        .join(Session, User.id == Session.user_id)
        .where(Session.id == parent_id, Session.expires_at > datetime.now(UTC), Session.kind == SessionKind.OFFICE)
    )
    found = rows.one_or_none()
    if found is None:
        return False
    viewer: User = found[0]
    viewer.remember_permissions(found[1:])
    vars(target)[IMPERSONATOR] = viewer
    return viewer.is_active and viewer.is_staff and why_not_impersonate(viewer, target) is None


async def end_impersonation(session: AsyncSession, user: User) -> None:
    """End the impersonation session of this request. Raise ConflictError if there is none."""
    current = session_of(user)
    if current is None or impersonator_of(user) is None:
        raise ConflictError(gettext("You act as nobody else."))
    await session.execute(delete(Session).where(Session.id == current.id, Session.kind == SessionKind.ACTING))
    await record(session, EventKind.IMPERSONATION_ENDED, user=user, actor=impersonator_of(user))
