"""Log in a user who was authenticated in any way: `log_in` creates the row of the session.

    logged_in = await log_in(session, user, connection=request, method="ldap")
    return AccessTokenRead(access_token=logged_in.token, expires_in=logged_in.seconds)

Lock the user's row first, as `authenticate` does (`with_for_update(key_share=True)`): otherwise a session that is
created while the password changes would survive the change.
"""

import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import load_permissions
from dovetail.contrib.auth.sessions.models import (
    MAXIMUM_ADDRESS,
    MAXIMUM_METHOD,
    MAXIMUM_USER_AGENT,
    Session,
    SessionKind,
)
from dovetail.contrib.auth.sessions.refresh_tokens import make_refresh_token
from dovetail.contrib.auth.sessions.rotation import rights_of
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.errors import NotAuthenticatedError, PermissionDeniedError
from dovetail.plugin import context_of
from dovetail.signing import hash_token
from dovetail.translation.texts import gettext

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

MAX_SESSIONS = 100  # of a user for each kind of session, so that a program that logs in for every call is harmless


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """The duration of a session in seconds: in all, and without use (None if idle sessions do not end earlier)."""

    absolute: int
    idle: int | None = None


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    """A new session: its row, and its token, which is not stored.

    With AUTH_REFRESH_TOKENS there is also a refresh token, and the access token expires before the session.
    """

    token: str = field(repr=False)
    row: Session
    seconds: int  # until the token expires at the latest
    refresh_token: str | None = field(default=None, repr=False)


async def log_in(
    session: AsyncSession,
    user: User,
    *,
    connection: "HTTPConnection | None",
    method: str,
    second_factor: bool = False,
    kind: SessionKind = SessionKind.API,
    lifetime: Lifetime | None = None,
    proved_at: datetime | None = None,
) -> LoggedIn:
    """Create a session of `user`, who was authenticated by `method`: "password", "passkey", "oidc:google".

    `connection` is the request of the login, whose address and user agent are stored; None for a command. `lifetime`
    defaults to that of the settings, and `proved_at`, when the user was authenticated, to now. Expired sessions of the
    user are deleted, and of more than MAX_SESSIONS those that were not used for the longest time.

    `second_factor` says that the user also gave a second factor, or something equivalent such as a passkey; use
    `begin_login` of `dovetail.contrib.auth.access` for users who have not. Raise NotAuthenticatedError if the user is
    deactivated, and PermissionDeniedError if they have a second factor and did not give it.
    """
    if not user.is_active:
        raise NotAuthenticatedError(gettext("This account is deactivated."))
    if user.has_second_factor and not second_factor:
        raise PermissionDeniedError(gettext("This account has a second factor, and it was not given."))
    now, settings = datetime.now(UTC), settings_of(session)
    lasts = lifetime or lifetime_of(settings)
    is_refreshed = settings.refresh_tokens and kind == SessionKind.API and lifetime is None
    seconds = min(settings.access_token_lifetime, lasts.absolute) if is_refreshed else lasts.absolute
    await _make_room(session, user, kind, now)
    if kind == SessionKind.OFFICE:  # its token is rotated when permissions change
        await load_permissions(session, user)
    token = secrets.token_urlsafe(32)  # 256 random bits
    ends_at = now + timedelta(seconds=lasts.absolute)
    row = Session(
        token_hash=hash_token(token),
        user_id=user.id,
        kind=kind,
        method=method[:MAXIMUM_METHOD],
        address=address_of(connection),
        user_agent=user_agent_of(connection),
        rights=rights_of(user) if kind == SessionKind.OFFICE else "",
        created_at=now,
        used_at=now,
        proved_at=proved_at or now,
        expires_at=ends_at if lasts.idle is None else min(ends_at, now + timedelta(seconds=lasts.idle)),
        ends_at=None if lasts.idle is None else ends_at,
        token_expires_at=now + timedelta(seconds=seconds) if is_refreshed else None,
        idle_seconds=lasts.idle,
    )
    session.add(row)
    await session.flush()
    await record(session, EventKind.LOGIN, user=user, actor=user, detail=f"{row.method} ({kind})")
    refresh_token = await make_refresh_token(session, row) if is_refreshed else None
    return LoggedIn(token=token, row=row, seconds=seconds, refresh_token=refresh_token)


async def note_proof(session: AsyncSession, row: Session, detail: str = "") -> None:
    """Store a recent proof of the user in this session, by password or second factor.

    `detail` names the kind of factor. A session of the back office gets a new token with the next page.
    """
    now = datetime.now(UTC)
    noted = update(Session).where(Session.id == row.id).values(proved_at=now, rights="")  # it may have ended
    await session.execute(noted, execution_options=NO_SYNCHRONIZATION)
    set_committed_value(row, "proved_at", now)
    await record(session, EventKind.PROVED, user=await session.get_one(User, row.user_id), detail=detail)


def lifetime_of(settings: AuthSettings) -> Lifetime:
    """Return the lifetime of API sessions."""
    return Lifetime(absolute=settings.token_lifetime, idle=settings.session_idle_seconds)


def settings_of(session: AsyncSession) -> AuthSettings:
    """Return auth's settings of the application that opened a database session."""
    return AuthSettings.of(context_of(session).plugin_settings)


def address_of(connection: "HTTPConnection | None") -> str:
    """Return the address of a client, as it is stored."""
    client = None if connection is None else connection.client
    return "" if client is None else client.host[:MAXIMUM_ADDRESS]


def user_agent_of(connection: "HTTPConnection | None") -> str:
    """Return the user agent of a client, as it is stored."""
    text = "" if connection is None else connection.headers.get("user-agent", "")[:MAXIMUM_USER_AGENT]
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cc")


async def _make_room(session: AsyncSession, user: User, kind: SessionKind, now: datetime) -> None:
    kept = (
        select(Session.id)
        .where(Session.user_id == user.id, Session.kind == kind, Session.expires_at > now)
        .order_by(Session.used_at.desc(), Session.id.desc())
        .limit(MAX_SESSIONS - 1)
    )
    superfluous = and_(Session.kind == kind, Session.id.not_in(kept))
    statement = delete(Session).where(Session.user_id == user.id, or_(Session.expires_at <= now, superfluous))
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)
