"""The table of sessions, with a row for each login in the API or the back office, and that of refresh tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

# Maximum lengths in characters; an IPv6 address with a zone has at most 45.
MAXIMUM_ADDRESS = 45
MAXIMUM_USER_AGENT = 300
MAXIMUM_METHOD = 50


class SessionKind(StrEnum):
    """The kind of a session: a token of one kind is not valid for another."""

    API = "api"  # a token in a header
    OFFICE = "office"  # a cookie of the back office
    ACTING = "acting"  # the same cookie, for another user who impersonates this one in the back office


class Session(IdMixin, Base):
    """A login: whoever has its token is the user, until it expires. Deleting the row ends it.

    The token is stored as a SHA-256 hash. Use extends `expires_at` by `idle_seconds`, up to `ends_at`; if both are
    None, use extends nothing. `used_at` is only updated every few minutes. The token itself may expire earlier, at
    `token_expires_at`; then a refresh token gives the next one.
    """

    __tablename__ = "auth_session"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    kind: Mapped[SessionKind] = mapped_column("door", default=SessionKind.API, server_default=SessionKind.API.value)
    method: Mapped[str] = mapped_column(String(MAXIMUM_METHOD), default="", server_default="")  # "password", "passkey"
    address: Mapped[str] = mapped_column(String(MAXIMUM_ADDRESS), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(MAXIMUM_USER_AGENT), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    used_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    rights: Mapped[str] = mapped_column(String(64), default="", server_default="")  # a hash; see rotation.py
    proved_at: Mapped[datetime | None]  # the last proof of identity in this session, if there was one
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime | None]
    token_expires_at: Mapped[datetime | None]  # None if the token is valid as long as the session
    idle_seconds: Mapped[int | None]
    # For an impersonation, the session of the impersonator, with which this one ends.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("auth_session.id", ondelete="CASCADE"), index=True)

    user: Mapped[User] = relationship(lazy="raise")


class RefreshToken(IdMixin, Base):
    """A token that gives a session its next token. It works once; used ones are kept to detect copies.

    `address` and `user_agent` are those of the request that used it.
    """

    __tablename__ = "auth_refresh_token"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("auth_session.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    used_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(MAXIMUM_ADDRESS), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(MAXIMUM_USER_AGENT), default="", server_default="")
