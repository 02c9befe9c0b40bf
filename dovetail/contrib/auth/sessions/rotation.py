"""Give the session of a browser another token when what its user may do changes, and when they prove who they are.

A token that somebody has found, or planted, before its user gained rights does not gain them too (session fixation:
https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html). What the user may do is noted with
the session as a hash, so that it does not matter who changed it, and by which door.
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
    """The new token of a session, and the seconds after which it ends at the latest."""

    token: str
    seconds: int


def rights_of(user: User) -> str:
    """Return the hash of what a user may do, whose permissions are loaded."""
    flags = [name for name in ("is_staff", "is_superuser") if getattr(user, name)]
    return sha256(" ".join([*flags, *sorted(user.permissions)]).encode()).hexdigest()


async def rotate(session: AsyncSession, token: str, user: User) -> Rotated | None:
    """Give the session of `token` another one; the old one is worth nothing. None if it is over, or was rotated."""
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
