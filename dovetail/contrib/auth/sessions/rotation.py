"""Replace the token of a browser session when the user's permissions change, and after a recent proof.

So a token that somebody stole or planted before does not get the new permissions (session fixation,
https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html). The session stores a hash of the
user's permissions, so it does not matter who changed them, and where.
"""

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.signing import hash_token


class Rotated(NamedTuple):
    """The new token of a session, and the seconds until the session ends at the latest."""

    token: str
    seconds: int


def rights_of(user: User) -> str:
    """Return a hash of the user's flags and permissions, which have to be loaded."""
    flags = [name for name in ("is_staff", "is_superuser") if getattr(user, name)]
    return sha256(" ".join([*flags, *sorted(user.permissions)]).encode()).hexdigest()


async def rotate(session: AsyncSession, token: str, user: User) -> Rotated | None:
    """Replace the token of a session, which becomes invalid; return None if it has ended or was rotated already."""
    new = secrets.token_urlsafe(32)
    row = await session.execute(
        update(Session)
        .where(Session.token_hash == hash_token(token), Session.user_id == user.id)
        .values(token_hash=hash_token(new), rights=rights_of(user))
        .returning(Session.expires_at, Session.ends_at),
        execution_options=NO_SYNCHRONIZATION,
    )
    found = row.one_or_none()
    if found is None:
        return None
    left = (found.ends_at or found.expires_at) - datetime.now(UTC)
    return Rotated(new, max(int(left.total_seconds()), 0))
