"""Log somebody in, however they proved who they are: `log_in` makes the row of the session.

    logged_in = await log_in(session, user, connection=request, method="ldap")
    return AccessTokenRead(access_token=logged_in.token, expires_in=logged_in.seconds)

Lock the user's row first, as `authenticate` does (`with_for_update(key_share=True)`): a session that is begun while a
password changes would survive it otherwise.
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
    Door,
    Session,
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

MOST_SESSIONS = 100  # of one user at one door: a program that logs in for every call fills no table


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Seconds that a session lasts in all, and those after which it is over if nobody uses it (None: it is not)."""

    absolute: int
    idle: int | None = None


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    """A session that has begun: its token, which is stored nowhere, and its row.

    With AUTH_REFRESH_TOKENS there is a refresh token too, and the token is good for less long than the session.
    """

    token: str = field(repr=False)
    row: Session
    seconds: int  # until the token is worth nothing, however it is used
    refresh_token: str | None = field(default=None, repr=False)


async def log_in(
    session: AsyncSession,
    user: User,
    *,
    connection: "HTTPConnection | None",
    method: str,
    second_factor: bool = False,
    door: Door = Door.API,
    lifetime: Lifetime | None = None,
    proved_at: datetime | None = None,
) -> LoggedIn:
    """Begin a session of `user`, who has just proved who they are by `method`: "password", "passkey", "oidc:google".

    `connection` is the request by which they did, of which address and browser are noted; None for a command. Without
    a `lifetime` it lasts as long as the settings say. They proved who they are at `proved_at`, or else now. The user's
    sessions that are over are removed, and of more than MOST_SESSIONS those that were used longest ago.

    `second_factor` says that they gave one, too, or something as good, such as a passkey; see `begin_login` of
    `dovetail.contrib.auth.access` for who has not. Raise NotAuthenticatedError if the user is deactivated, and
    PermissionDeniedError if they have a second factor and did not give it.
    """
    if not user.is_active:
        raise NotAuthenticatedError(gettext("This account is deactivated."))
    if user.has_second_factor and not second_factor:
        raise PermissionDeniedError(gettext("This account has a second factor, and it was not given."))
    now, settings = datetime.now(UTC), settings_of(session)
    lasts = lifetime or lifetime_of(settings)
    is_refreshed = settings.refresh_tokens and door == Door.API and lifetime is None
    seconds = min(settings.access_token_lifetime, lasts.absolute) if is_refreshed else lasts.absolute
    await _make_room(session, user, door, now)
    if door == Door.OFFICE:  # whose tokens change with them
        await load_permissions(session, user)
    token = secrets.token_urlsafe(32)  # 256 random bits
    ends_at = now + timedelta(seconds=lasts.absolute)
    row = Session(
        token_hash=hash_token(token),
        user_id=user.id,
        door=door,
        method=method[:MAXIMUM_METHOD],
        address=address_of(connection),
        user_agent=user_agent_of(connection),
        rights=rights_of(user) if door == Door.OFFICE else "",
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
    await record(session, EventKind.LOGIN, user=user, actor=user, detail=f"{row.method} ({door})")
    refresh_token = await make_refresh_token(session, row) if is_refreshed else None
    return LoggedIn(token=token, row=row, seconds=seconds, refresh_token=refresh_token)


async def note_proof(session: AsyncSession, row: Session, detail: str = "") -> None:
    """Note that the user has just proved again who they are, by a password or a second factor, in this session.

    `detail` says by which factor. The token of a session of the back office changes with the next page.
    """
    now = datetime.now(UTC)
    noted = update(Session).where(Session.id == row.id).values(proved_at=now, rights="")  # it may have been ended
    await session.execute(noted, execution_options=NO_SYNCHRONIZATION)
    set_committed_value(row, "proved_at", now)
    await record(session, EventKind.PROVED, user=await session.get_one(User, row.user_id), detail=detail)


def lifetime_of(settings: AuthSettings) -> Lifetime:
    """Return how long the sessions of the API last."""
    return Lifetime(absolute=settings.token_lifetime, idle=settings.session_idle_seconds)


def settings_of(session: AsyncSession) -> AuthSettings:
    """Return the settings of auth of the application that opened a session of the database."""
    return AuthSettings.of(context_of(session).plugin_settings)


def address_of(connection: "HTTPConnection | None") -> str:
    """Return the address of a client, as it is kept."""
    client = None if connection is None else connection.client
    return "" if client is None else client.host[:MAXIMUM_ADDRESS]


def user_agent_of(connection: "HTTPConnection | None") -> str:
    """Return what a client says of itself, as it is kept."""
    text = "" if connection is None else connection.headers.get("user-agent", "")[:MAXIMUM_USER_AGENT]
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cc")


async def _make_room(session: AsyncSession, user: User, door: Door, now: datetime) -> None:
    kept = (
        select(Session.id)
        .where(Session.user_id == user.id, Session.door == door, Session.expires_at > now)
        .order_by(Session.used_at.desc(), Session.id.desc())
        .limit(MOST_SESSIONS - 1)
    )
    superfluous = and_(Session.door == door, Session.id.not_in(kept))
    statement = delete(Session).where(Session.user_id == user.id, or_(Session.expires_at <= now, superfluous))
    await session.execute(statement, execution_options=NO_SYNCHRONIZATION)
