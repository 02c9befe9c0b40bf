"""Declare the table of sessions: one row for each login, by the API or in a browser."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin

# Characters that are kept of what a client says about itself; an address of IPv6 with a zone has 45 or fewer.
MAXIMUM_ADDRESS = 45
MAXIMUM_USER_AGENT = 300
MAXIMUM_METHOD = 50


class Door(StrEnum):
    """The way by which a session lets its user in: a token of one does not open the other."""

    API = "api"  # by a token in a header
    OFFICE = "office"  # by a cookie of the back office
    ACTING = "acting"  # by the same, for somebody else who acts as the user there, and nowhere else


class Session(IdMixin, Base):
    """A login: whoever holds its token is the user, until it expires. Deleting the row ends it.

    Only the SHA-256 of the token is kept. Use puts `expires_at` off by `idle_seconds`, up to `ends_at`; both are None
    if it does not. It is written down every few minutes only, so `used_at` may lag behind by as much. The token may be
    good for less long, until `token_expires_at`: a refresh token gives the next one then.
    """

    __tablename__ = "auth_session"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    door: Mapped[Door] = mapped_column(default=Door.API, server_default=Door.API.value)
    method: Mapped[str] = mapped_column(String(MAXIMUM_METHOD), default="", server_default="")  # "password", "passkey"
    address: Mapped[str] = mapped_column(String(MAXIMUM_ADDRESS), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(MAXIMUM_USER_AGENT), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    used_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    rights: Mapped[str] = mapped_column(String(64), default="", server_default="")  # see rotation.py
    proved_at: Mapped[datetime | None]  # when the user last proved who they are; None: never in this session
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime | None]
    token_expires_at: Mapped[datetime | None]  # None: the token is good for as long as the session lasts
    idle_seconds: Mapped[int | None]
    # The session of who acts as the user, with which this one ends; None: it is the user's own.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("auth_session.id", ondelete="CASCADE"), index=True)

    user: Mapped[User] = relationship(lazy="raise")


class RefreshToken(IdMixin, Base):
    """A token that gives a session its next token, and works once; those that were used tell of a copy.

    Of the request that used it, address and client are noted.
    """

    __tablename__ = "auth_refresh_token"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("auth_session.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    used_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(MAXIMUM_ADDRESS), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(MAXIMUM_USER_AGENT), default="", server_default="")
